import path from 'node:path'
import { oneOf, whole, type Random } from '../faults/random.js'

/*
 * Who lives on the legacy site, and where the mail of each belongs. What is expected is written down while the rules are made, from the
 * manual's words alone; nothing here asks the product.
 */

/** A place mail ends in: a full path, `remote a@b` or `discard`. */
export type Goal = string

export interface LegacyDomain {
  readonly name: string
  readonly prefix: string | undefined
  /** Its drop directory as dmail.conf has it, and on this machine. */
  readonly windows: string
  readonly dir: string
  readonly aliases: number
}

export type UserWay = 'plain' | 'fwd' | 'fwd-self' | 'dot' | 'dot-self' | 'dot-open'

export interface LegacyUser {
  readonly domain: LegacyDomain
  readonly name: string
  readonly way: UserWay
  /** Full path of the drop file; `placed` says whether it is there before the move. */
  readonly drop: string
  readonly placed: boolean
  /** The address its rule leads to. */
  readonly target: LegacyUser | undefined
  /** It has an alias of its own name, with `$user`. */
  readonly aliased: boolean
  /** Its address leads nowhere else but by its own rule. */
  readonly isTarget: boolean
}

const USERS = 40
const WAYS: readonly UserWay[] = ['fwd', 'fwd-self', 'dot', 'dot-self', 'dot-open']

/** The name of a user's drop file: a virtual domain puts its prefix before it. */
export function dropName({ domain, name }: Pick<LegacyUser, 'domain' | 'name'>): string {
  return domain.prefix === undefined ? name : `${domain.prefix}_${name}`
}

export function addressOf({ domain, name }: Pick<LegacyUser, 'domain' | 'name'>): string {
  return `${name}@${domain.name}`
}

export function makeUsers(domains: readonly LegacyDomain[], random: Random): LegacyUser[] {
  const plain: LegacyUser[] = []
  const users: LegacyUser[] = []
  for (const domain of domains) {
    for (let number = 1; number <= USERS; number++) {
      const name = `u${String(number).padStart(3, '0')}`
      const way = number > USERS - 10 ? (WAYS[number % WAYS.length] ?? 'plain') : 'plain'
      // One in eight has had no mail yet, but for those whose forward file lies beside the drop file.
      const placed = way !== 'plain' || number % 8 !== 0
      const aliased = way === 'plain' && number % 10 === 3
      const user: LegacyUser = {
        domain,
        name,
        way,
        drop: placed ? anyPlace({ domain, name }, random) : newPlace({ domain, name }),
        placed,
        target: way === 'plain' ? undefined : oneOf(random, plain.filter(({ isTarget }) => isTarget) as [LegacyUser]),
        aliased,
        // A forward_cc rule is for this one.
        isTarget: !aliased && addressOf({ domain, name }) !== 'u005@lab.example',
      }
      if (way === 'plain') plain.push(user)
      users.push(user)
    }
  }
  return users
}

/** Where DMail put it: nobody knows how it chose the letters. */
function anyPlace(user: Pick<LegacyUser, 'domain' | 'name'>, random: Random): string {
  const letter = (): string => String.fromCharCode(97 + whole(random, 0, 25))
  const levels = [[], [letter()], [letter(), letter()], [letter(), letter()], [letter(), letter()]]
  return path.join(user.domain.dir, ...oneOf(random, levels as [string[]]), dropName(user))
}

/** D6: a new drop file lies below the first two characters of its name. */
function newPlace(user: Pick<LegacyUser, 'domain' | 'name'>): string {
  const name = dropName(user)
  return path.join(user.domain.dir, name.charAt(0), name.charAt(1), name)
}

/** Manual: fwd outranks the forward file; `$user` keeps the user's own copy; a forward file is used INSTEAD of the drop file. */
export function goalsOfUser(user: LegacyUser): Goal[] {
  const others = user.target === undefined ? [] : [user.target.drop]
  switch (user.way) {
    case 'plain':
    // R13: everybody can write to that forward file, so it is not used.
    case 'dot-open':
      return [user.drop]
    case 'fwd':
    case 'dot':
      return others
    case 'fwd-self':
    case 'dot-self':
      return [user.drop, ...others]
  }
}

/** What stands in the user's own rule. */
export function ruleOfUser({ way, target }: LegacyUser): string {
  const to = target === undefined ? '' : addressOf(target)
  return way === 'fwd-self' || way === 'dot-self' ? `$user,${to}` : to
}

export interface LegacyAlias {
  readonly key: string
  readonly text: string
  readonly goals: readonly Goal[]
}

export interface AliasPlaces {
  /** `c:\dmail\files` on this machine. */
  readonly files: string
  readonly random: Random
}

/** The aliases of one domain: every form the manual shows. */
export function makeAliases(
  domain: LegacyDomain,
  users: readonly LegacyUser[],
  { files, random }: AliasPlaces,
  start = 1,
  letter = 'a',
): LegacyAlias[] {
  const targets = users.filter(({ isTarget }) => isTarget)
  const here = targets.filter((user) => user.domain.name === domain.name)
  const aliases: LegacyAlias[] = []
  for (let number = start; number < start + domain.aliases; number++) {
    const key = `${letter}${String(number).padStart(4, '0')}`
    aliases.push({ key, ...makeAlias(number, key) })
  }
  function makeAlias(number: number, key: string): Omit<LegacyAlias, 'key'> {
    const one = oneOf(random, here as [LegacyUser])
    const other = oneOf(random, targets as [LegacyUser])
    const file = path.join(files, `${key}.mbx`)
    const before = aliases.at(-1)
    switch (number % 8) {
      case 0:
        return { text: `${addressOf(one)},${addressOf(other)}`, goals: [...goalsOfUser(one), ...goalsOfUser(other)] }
      case 1:
        return { text: `c:\\dmail\\files\\${key}.mbx`, goals: [file] }
      case 2:
        return { text: '/dev/nul', goals: ['discard'] }
      case 3:
        return before === undefined || letter !== 'a'
          ? { text: addressOf(other), goals: goalsOfUser(other) }
          : { text: before.key, goals: before.goals }
      case 4:
        return { text: `${key}@partner.example`, goals: [`remote ${key}@partner.example`] }
      default:
        return letter === 'a'
          ? { text: one.name, goals: goalsOfUser(one) }
          : { text: addressOf(other), goals: goalsOfUser(other) }
    }
  }
  return aliases
}
