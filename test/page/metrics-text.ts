import assert from 'node:assert/strict'

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9]+(?:\\.[0-9]+)?)$`)

/** Reads the text format of Prometheus (0.0.4) as strictly as its description allows. */
export function readMetrics(text: string): Sample[] {
  assert.ok(text.endsWith('\n'), 'the last line has an end')
  const samples: Sample[] = []
  const seen = new Set<string>()
  let family: { name: string; type?: string } | undefined
  for (const line of text.slice(0, -1).split('\n')) {
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line)
    const type = new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`).exec(line)
    if (help?.[1] !== undefined) {
      assert.ok(!seen.has(help[1]), `${help[1]} comes twice`)
      seen.add(help[1])
      family = { name: help[1] }
    } else if (type !== null) {
      assert.ok(family?.name === type[1] && family?.type === undefined, `the type of another: ${line}`)
      family = { name: family?.name ?? '', type: type[2] ?? '' }
      if (type[2] === 'counter') assert.match(family.name, /_total$/)
      else assert.doesNotMatch(family.name, /_total$/)
    } else {
      const sample = SAMPLE.exec(line)
      assert.ok(sample !== null, `no sample: ${line}`)
      const [, name = '', labels = '', value = ''] = sample
      assert.ok(name === family?.name && family.type !== undefined, `${name} is of no family`)
      assert.ok(!seen.has(`${name}{${labels}}`), `${line} comes twice`)
      seen.add(`${name}{${labels}}`)
      samples.push({ name, labels: readLabels(labels), value: Number(value) })
    }
  }
  return samples
}

function readLabels(text: string): Record<string, string> {
  const pairs = [...text.matchAll(new RegExp('([a-zA-Z0-9_]+)="((?:[^"\\\\]|\\\\.)*)"', 'g'))]
  return Object.fromEntries(
    pairs.map(([, name = '', value = '']) => [
      name,
      value.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character)),
    ]),
  )
}
