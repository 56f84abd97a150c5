import dns from 'node:dns'

/*
 * Loaded by `node --require` before the program: its DNS questions go to the server that a variable names. Resolvers that it
 * makes itself would read the system's list of servers, so their class is another one.
 */

/** `address:port`. */
export const DNS_VARIABLE = 'DMAIL_TEST_DNS'

const server = process.env[DNS_VARIABLE]
if (server !== undefined) ask(server)

function ask(address: string): void {
  dns.setServers([address])
  dns.promises.setServers([address])
  dns.Resolver = class extends dns.Resolver {
    constructor(options?: dns.ResolverOptions) {
      super(options)
      this.setServers([address])
    }
  }
  dns.promises.Resolver = class extends dns.promises.Resolver {
    constructor(options?: dns.ResolverOptions) {
      super(options)
      this.setServers([address])
    }
  }
}
