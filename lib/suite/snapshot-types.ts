import type { AuthSettings } from '../auth/settings.js'
import type { Configuration } from '../conf/load.js'
import type { Problem } from '../conf/problem.js'
import type { PatternList } from '../conf/value.js'
import type { DeliverySettings } from '../delivery/deliver.js'
import type { DsnSettings } from '../dsn/make-report.js'
import type { EtrnRules } from '../etrn/permission.js'
import type { RasSettings } from '../etrn/settings.js'
import type { AccessRules } from '../routing/access.js'
import type { Tables, World } from '../routing/tables.js'
import type { Suspension } from '../queue/suspensions.js'
import type { Schedule } from '../spool/schedule.js'

/** One whole configuration in force: immutable; a transaction keeps the one it began with. */
export interface Snapshot {
  /** What the files say, as it is in force. */
  readonly configuration: Configuration
  readonly tables: Tables
  readonly world: World
  readonly access: AccessRules
  /** SMTP AUTH; undefined where it is not offered (A5). */
  readonly auth: AuthSettings | undefined
  readonly delivery: DeliverySettings
  readonly schedule: Schedule
  /** suspend_domain, in the order of its lines (Q2). */
  readonly suspensions: readonly Suspension[]
  readonly etrn: EtrnRules
  readonly dsn: DsnSettings
  /** Clients that may open the HTTP page. */
  readonly pageFrom: PatternList
  /** ras_timer and what belongs to it; undefined where the provider is not asked (Q8). */
  readonly ras: RasSettings | undefined
  readonly allowDuplicates: boolean
  readonly problems: readonly Problem[]
}
