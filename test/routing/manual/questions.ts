import { given, mailbox, people, remote, type Site } from '../support.js'
import { ALIASES, aliases, type ManualRow } from './row.js'

const COPY = 'How to redirect but do the normal delivery as well'
const MULTIPLE = 'How to forward multiple copies'
const EVERY_DOMAIN = 'How do you set up an alias on all local domains'

const copies: ManualRow[] = [
  {
    place: `${COPY}, a)`,
    quote: 'forward_cc bob@domain1.com fred@domain2.com',
    row: given({ conf: 'forward_cc bob@domain1.com fred@domain2.com', people: people('bob') })
      .route('bob@domain1.com')
      .goesTo(remote('fred@domain2.com'), mailbox('bob'))
      .tells('forward_cc dmail.conf:1', 'remote', 'user'),
  },
  {
    place: COPY,
    quote: 'Mail re-direction usually means that the original recipient does not get the message',
    row: given({ conf: 'forward bob@domain1.com fred@domain2.com', people: people('bob') })
      .route('bob@domain1.com')
      .goesTo(remote('fred@domain2.com')),
  },
  {
    place: `${COPY}, b)`,
    quote: 'bob: $user,fred@domain2.com',
    row: given({ conf: ALIASES, people: people('bob'), files: aliases('bob: $user,fred@domain2.com') })
      .route('bob@domain1.com')
      .goesTo(mailbox('bob'), remote('fred@domain2.com'))
      .tells('alias aliases.txt:1', 'user'),
  },
  {
    place: `${MULTIPLE}, a)`,
    quote: 'all matching forward settings will be applied ... and the sales mailbox does not get any mail',
    row: given({
      conf: 'forward sales@domain1.com fred@domain1.com\nforward sales@domain1.com john@domain2.com',
      people: people('sales', 'fred'),
    })
      .route('sales@domain1.com')
      .goesTo(mailbox('fred'), remote('john@domain2.com'))
      .tells('forward dmail.conf:1', 'forward dmail.conf:2'),
  },
  {
    place: `${MULTIPLE}, a)`,
    quote: 'fred and john could be at any destination domain',
    row: given({
      conf: 'vdomain dom2 @dom2 domain2.com {dir}/in\nforward sales@domain1.com fred@domain1.com\nforward sales@domain1.com john@domain2.com',
      people: people('sales', 'fred', 'dom2_john'),
    })
      .route('sales@domain1.com')
      .goesTo(mailbox('fred'), mailbox('dom2_john')),
  },
  {
    place: `${MULTIPLE}, b)`,
    quote: "sales: fred@domain2.com,john@domain2.com ... instead of it going to the 'sales' mailbox",
    row: given({ conf: ALIASES, people: people('sales'), files: aliases('sales: fred@domain2.com,john@domain2.com') })
      .route('sales@domain1.com')
      .goesTo(remote('fred@domain2.com'), remote('john@domain2.com')),
  },
  {
    place: `${MULTIPLE}, b)`,
    quote:
      'By specifying the domain to which the alias file applies, you can control which domains this alias exists for',
    row: given({
      conf: `vdomain dom2 @dom2 domain2.com {dir}/in\n${ALIASES}`,
      people: people('sales', 'dom2_sales'),
      files: aliases('sales: fred@example.com'),
    })
      .route('sales@domain2.com')
      .goesTo(mailbox('dom2_sales')),
  },
]

const sales = 'sales: bob@domain1.com\n'
const THREE_HOSTS = 'host_domain domain1.com\nhost_domain domain2.com\nhost_domain domain3.com\n'
const HOST_AND_VDOMAINS =
  'host_domain domain1.com\nvdomain dom2 @dom2 domain2.com {dir}/in\nvdomain dom3 @dom3 domain3.com {dir}/in\n'
const THREE_DOMAINS = ['domain1.com', 'domain2.com', 'domain3.com']
const CAPTURE: Site = {
  conf: `${HOST_AND_VDOMAINS}forward sales@* bob@domain1.com`,
  people: people('bob', 'sales', 'dom2_sales'),
}

const everyDomain: ManualRow[] = [
  ...THREE_DOMAINS.map((domain) => ({
    place: EVERY_DOMAIN,
    quote: 'forward sales@* bob@domain1.com',
    row: given(CAPTURE).route(`sales@${domain}`).goesTo(mailbox('bob')).tells('forward dmail.conf:4'),
  })),
  {
    place: EVERY_DOMAIN,
    quote: 'sales@othercompany.com ... his outgoing message gets re-directed back to him!',
    row: given(CAPTURE)
      .route('sales@othercompany.com')
      .from({ trusted: true, from: 'bob@domain1.com' })
      .goesTo(mailbox('bob')),
  },
  {
    place: EVERY_DOMAIN,
    quote: 'only sales: other users are not touched',
    row: given(CAPTURE).route('bob@domain1.com').goesTo(mailbox('bob')),
  },
  ...THREE_DOMAINS.flatMap((domain) => [
    {
      place: `${EVERY_DOMAIN}, option 1`,
      quote: 'then the user sales, will automatically have the aliases',
      row: given({ conf: THREE_HOSTS, people: people('sales') })
        .route(`sales@${domain}`)
        .goesTo(mailbox('sales')),
    },
    {
      place: `${EVERY_DOMAIN}, option 1`,
      quote: 'add the following alias to the domain1.com alias file, sales: bob@domain1.com',
      row: given({
        conf: `${THREE_HOSTS}alias_file_domain domain1.com c:\\dmail\\dom1aliases.txt`,
        people: people('bob', 'sales'),
        files: { 'dmail/dom1aliases.txt': sales },
      })
        .route(`sales@${domain}`)
        .goesTo(mailbox('bob'))
        .tells('alias {dir}/dmail/dom1aliases.txt:1'),
    },
    ...[THREE_HOSTS, HOST_AND_VDOMAINS].flatMap((local) => [
      {
        place: `${EVERY_DOMAIN}, option 2`,
        quote: `alias_file_domain * c:\\dmail\\global_aliases.txt (${local === THREE_HOSTS ? 'host_domain' : 'vdomain'})`,
        row: given({
          conf: `${local}alias_file_domain * c:\\dmail\\global_aliases.txt`,
          people: people('bob', 'sales', 'dom2_sales', 'dom3_sales'),
          files: { 'dmail/global_aliases.txt': sales },
        })
          .route(`sales@${domain}`)
          .goesTo(mailbox('bob')),
      },
      {
        place: `${EVERY_DOMAIN}, option 2`,
        quote: `point 3 settings at the same file (${local === THREE_HOSTS ? 'host_domain' : 'vdomain'})`,
        row: given(threeSettings(local)).route(`sales@${domain}`).goesTo(mailbox('bob')),
      },
    ]),
  ]),
  {
    place: `${EVERY_DOMAIN}, option 2`,
    quote: 'you just want the alias for domains, domain1.com, domain2.com and domain3.com: not for a fourth',
    row: given(threeSettings(`${HOST_AND_VDOMAINS}vdomain dom4 @dom4 domain4.com {dir}/in\n`))
      .route('sales@domain4.com')
      .goesTo(mailbox('dom4_sales')),
  },
  {
    place: `${EVERY_DOMAIN}, option 2`,
    quote: 'create the sales alias for any local domain: mail to another company goes out',
    row: given({
      conf: 'alias_file_domain * c:\\dmail\\global_aliases.txt',
      people: people('bob'),
      files: { 'dmail/global_aliases.txt': sales },
    })
      .route('sales@othercompany.com')
      .from({ trusted: true })
      .goesTo(remote('sales@othercompany.com')),
  },
]

function threeSettings(local: string): Site {
  const settings = THREE_DOMAINS.map((domain) => `alias_file_domain ${domain} c:\\dmail\\aliases_group1.txt`)
  return {
    conf: `${local}${settings.join('\n')}`,
    people: people('bob', 'sales', 'dom2_sales', 'dom3_sales', 'dom4_sales'),
    files: { 'dmail/aliases_group1.txt': sales },
  }
}

/** The questions and answers about redirection. */
export const QUESTIONS: readonly ManualRow[] = [...copies, ...everyDomain]
