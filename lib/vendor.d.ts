// Types of the libraries that ship none: only what is used.

declare module 'address-rfc2821' {
  export class Address {
    constructor(text: string)
    user: string
    host: string
    original_host?: string
  }
}

declare module 'haraka-dsn' {
  /** A reply with an RFC 3463 status; Haraka's connection.respond() takes its code and text from it. */
  export default class DSN {
    constructor(code: number, text: string, defaultCode: number, subject: number, detail: number)
    readonly code: number
    readonly reply: string
  }
}

declare module 'haraka-constants' {
  export const cont: number
  export const deny: number
  export const denysoft: number
  export const denydisconnect: number
  export const disconnect: number
  export const ok: number
  export const delay: number
  export const connection: {
    readonly state: { readonly CMD: number; readonly PAUSE_SMTP: number; readonly DISCONNECTING: number }
  }
}

declare module 'unix-crypt-td-js' {
  /** crypt(3) by DES: salt and hash, 13 characters. */
  export default function unixCryptTD(password: readonly number[], salt: string): string
}
