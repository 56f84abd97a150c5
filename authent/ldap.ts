#!/usr/bin/env node
// Users of an LDAP directory: `authent_process <this file> -config FILE`.
import { runConfigured } from './config-program.js'
import { readLdapSettings } from './ldap-settings.js'
import { ldapSource } from './ldap-source.js'

runConfigured('ldap.js', (config, complain) => {
  const settings = readLdapSettings(config)
  if (settings.inClear)
    complain(new Error(`passwords go to ${settings.url} in clear text: use ldaps:// or starttls=true`))
  return ldapSource(settings)
})
