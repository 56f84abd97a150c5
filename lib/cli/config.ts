import { NO_SETTING, settingInForce, settingsInForce, type SettingInForce } from '../conf/in-force.js'
import { loadConfiguration } from '../conf/load.js'
import { complain, printed, withServer, type ServerOptions } from './server.js'
import { EXIT, painter, printJson, type Exit, type Terminal } from './terminal.js'
import { visible } from '../text/values.js'

/**
 * `dmail config [SETTING]`: what is in force of a setting, or of all that are given a value, in the running server where there is
 * one, else by the files as they are now. Exit 1 for a setting that there is not.
 */
export function configCommand(setting: string | undefined, options: ServerOptions, terminal: Terminal): Promise<Exit> {
  const show = async (settings: readonly SettingInForce[], last: string): Promise<Exit> => {
    if (options.json) printJson(terminal, setting === undefined ? settings : settings[0])
    else await printed(terminal, settingsText(settings, setting === undefined, last, painter(terminal)))
    return EXIT.done
  }
  return withServer(
    options,
    terminal,
    async (ask) => {
      const { settings } = await ask('config', setting === undefined ? {} : { setting })
      return await show(settings, 'in force in the running server')
    },
    async () => {
      const configuration = await loadConfiguration(options.config)
      const last = 'as the files are now; no server runs here'
      if (setting === undefined) return await show(settingsInForce(configuration), last)
      const found = settingInForce(configuration, setting)
      if (found !== undefined) return await show([found], last)
      complain(terminal, `there is no setting ${setting}`, NO_SETTING)
      return EXIT.problems
    },
  )
}

type Paint = ReturnType<typeof painter>

function settingsText(settings: readonly SettingInForce[], brief: boolean, last: string, paint: Paint): string {
  const blocks = settings.flatMap((setting) => [
    ...valueLines(setting, paint),
    ...(brief ? [] : [paint('dim', `  ${setting.note}`)]),
  ])
  return [...blocks, paint('dim', last), ''].join('\n')
}

function valueLines({ name, values, default: usual, handled }: SettingInForce, paint: Paint): string[] {
  const note = handled === 'suite' ? '' : ` ${paint('yellow', handled)}`
  if (values.length > 0) {
    return values.map(({ text, at }) => `${name} ${visible(text)}  ${paint('dim', visible(at))}${note}`)
  }
  const value = usual === undefined ? 'is not set' : usual === '' ? 'is empty' : usual
  return [`${name} ${value}  ${paint('dim', usual === undefined ? 'and has no default' : 'the default')}${note}`]
}
