/** The lines of config/plugins, `dmail/<line>`, in the order in which `dmail` loads them (DESIGN: fixed names). */
export const LINES = ['access', 'auth', 'dsn', 'rcpt', 'queue', 'outbound', 'etrn', 'admin'] as const

export type Line = (typeof LINES)[number]
