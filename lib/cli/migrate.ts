import { compareConfigurations, openDirectoryAsIs } from '../migrate/compare.js'
import { carryOut, planMigration } from '../migrate/migrate.js'
import { MigrateError } from '../migrate/plan.js'
import { reportMigration, type MigrateReport } from '../migrate/report.js'
import type { Compared, Routed } from '../migrate/types.js'
import { verifyAll, type Asked } from '../migrate/verify.js'
import { WriteFailed, WriteRefused } from '../migrate/write.js'
import { readMigrateJob, type MigrateJob, type MigrateOptions } from './migrate-job.js'
import { printCompared, printDiffs, printMigration, printRouted } from './migrate-text.js'
import { sampleFiles } from './sample.js'
import { EXIT, printJson, type Exit, type Terminal } from './terminal.js'

/** The port of the sample; migrate does not take its smtp.ini. */
const SAMPLE_PORT = 2525

/** `dmail migrate --from FILE DIR`: exit 1 when something is left that the operator has to mend, or when addresses differ. */
export async function migrateCommand(
  dir: string | undefined,
  options: MigrateOptions,
  terminal: Terminal,
): Promise<Exit> {
  try {
    const job = await readMigrateJob(dir, options)
    return job.from === undefined
      ? await lookCommand(job, options, terminal)
      : await migrate(job, job.from, options, terminal)
  } catch (error) {
    if (error instanceof MigrateError) {
      terminal.err.write(`dmail: ${error.message}: ${error.hint}\n`)
      return error.wrongUse ? EXIT.usage : EXIT.problems
    }
    if (error instanceof WriteRefused) {
      terminal.err.write(`dmail: ${error.message}; nothing was written\n`)
      return EXIT.problems
    }
    if (error instanceof WriteFailed) {
      terminal.err.write(`dmail: ${error.message}; mend it and do the same again, what is written already stays\n`)
      return EXIT.problems
    }
    throw error
  }
}

async function migrate(job: MigrateJob, from: string, options: MigrateOptions, terminal: Terminal): Promise<Exit> {
  const { directory } = job
  const { dryRun, json } = options
  const migration = await planMigration(
    {
      from,
      directory,
      maps: job.maps,
      replace: options.replace,
      listen: options.listen,
      isRoot: process.getuid?.() === 0,
      sample: await sampleFiles(directory, SAMPLE_PORT),
    },
    // What a module complains of shows in the answer it does not give.
    () => undefined,
  )
  try {
    // Before anything is written: what the look-ups say stands in the report in any case.
    const planned = await reportMigration(migration, { directory, from, dryRun, backups: new Map() })
    const backups = dryRun ? new Map<string, string>() : await carryOut(directory, migration.files, new Date())
    const report: MigrateReport = {
      ...planned,
      files: planned.files.map((file) => ({ ...file, backup: backups.get(file.path) ?? null })),
      ...(job.verify ? { verify: await verifyAll(migration, job.addresses) } : {}),
    }
    const differences = await compareWith(job, migration)
    if (json) printJson(terminal, { ...report, ...(differences === undefined ? {} : { compare: differences }) })
    else {
      if (dryRun) printDiffs(migration.files, terminal)
      printMigration(report, terminal)
      if (report.verify !== undefined) printRouted(report.verify, terminal)
      if (differences !== undefined) printCompared(differences, terminal)
    }
    return exitOf(report.errors.length, report.verify, differences)
  } finally {
    await migration.close()
  }
}

/** Without --from nothing is migrated: a directory is looked at as it is. */
async function lookCommand(job: MigrateJob, options: MigrateOptions, terminal: Terminal): Promise<Exit> {
  const asked = await openDirectoryAsIs(job.directory, () => undefined)
  try {
    const errors = asked.loaded.fatal.map(({ message, hint }) => `${message} (${hint})`)
    if (asked.snapshot === undefined) throw new MigrateError(errors.join('; '), 'see "dmail check"')
    const verify = job.verify ? await verifyAll(asked, job.addresses) : undefined
    const differences = await compareWith(job, asked)
    if (options.json) {
      printJson(terminal, {
        directory: job.directory,
        ...(verify === undefined ? {} : { verify }),
        ...(differences === undefined ? {} : { compare: differences }),
      })
    } else {
      if (verify !== undefined) printRouted(verify, terminal)
      if (differences !== undefined) printCompared(differences, terminal)
    }
    return exitOf(0, verify, differences)
  } finally {
    asked.close()
  }
}

type Differences = { readonly compared: number; readonly differences: readonly Compared[] }

async function compareWith({ compare, addresses }: MigrateJob, after: Asked): Promise<Differences | undefined> {
  if (compare === undefined) return undefined
  const before = await openDirectoryAsIs(compare, () => undefined)
  try {
    if (before.snapshot === undefined) {
      throw new MigrateError(`the configuration in ${compare} cannot be used`, `see "dmail check -c ${compare}"`)
    }
    return await compareConfigurations(before, after, addresses)
  } finally {
    before.close()
  }
}

function exitOf(errors: number, verify: readonly Routed[] | undefined, compared: Differences | undefined): Exit {
  const refused = verify?.some(({ accepted }) => !accepted) === true
  return errors > 0 || refused || (compared?.differences.length ?? 0) > 0 ? EXIT.problems : EXIT.done
}
