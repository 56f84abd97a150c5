/** The style of all pages. */
export const STYLE = `
:root { color-scheme: light dark; --bg: #fff; --fg: #1b1f24; --dim: #57606a; --line: #d0d7de; --head: #f3f5f7; --link: #0550ae;
  --good: #116329; --warn: #7d4e00; --bad: #b3151f; --delivered: #1a7f37; --deferred: #bf8700; --failed: #cf222e; --focus: #0969da }
@media (prefers-color-scheme: dark) { :root { --bg: #0f1318; --fg: #e6edf3; --dim: #9aa5b1; --line: #343b44; --head: #1a2028;
  --link: #7cb8ff; --good: #56d364; --warn: #e3b341; --bad: #ff8a80; --delivered: #3fb950; --deferred: #d29922; --failed: #f85149;
  --focus: #79c0ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--bg); color: var(--fg); font: 15px/1.45 system-ui, sans-serif }
header, main, footer { max-width: 84rem; margin: 0 auto; padding: 0 1.25rem }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.25rem; padding-top: .75rem; padding-bottom: .75rem }
header nav { display: flex; gap: .25rem 1.25rem; flex: 1 } header strong { font-size: 1.05rem }
nav a[aria-current] { color: var(--fg); font-weight: 600; text-decoration: none; border-bottom: 2px solid var(--focus) }
.bar { border-bottom: 1px solid var(--line); background: var(--head) }
h1 { font-size: 1.45rem; margin: 1.25rem 0 .75rem } h2 { font-size: 1.1rem; margin: 1.75rem 0 .5rem }
h3 { font-size: .95rem; margin: 1rem 0 .25rem } p { margin: .5rem 0 } a { color: var(--link) }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99rem } .skip:focus { left: .5rem; top: .5rem; background: var(--bg); padding: .5rem; z-index: 1 }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.dim { color: var(--dim) } .n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.scroll { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: baseline; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line) }
th.n, td.n { text-align: right } thead th { color: var(--dim); font-size: .85rem; font-weight: 600; white-space: nowrap }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 7rem } .reason { color: var(--dim); overflow-wrap: anywhere; min-width: 12rem }
.who { overflow-wrap: anywhere; min-width: 12rem }
button, input, select { font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--dim); border-radius: 5px; padding: .25rem .6rem; min-height: 2rem }
::placeholder { color: var(--dim); opacity: 1 } button { cursor: pointer; background: var(--head) } button:hover { border-color: var(--fg) }
button.grave { color: var(--bad) } input[type=checkbox] { min-height: 0; width: 1.05rem; height: 1.05rem; vertical-align: -2px }
form.line { display: flex; flex-wrap: wrap; align-items: end; gap: .6rem .9rem; margin: .75rem 0 } form.line label { display: grid; gap: .15rem; font-size: .85rem; color: var(--dim) }
form.line input, form.line select { color: var(--fg); font-size: 1rem; min-width: 15rem } form.line select { min-width: 0 }
form.line label.check { display: block; padding-bottom: .4rem; color: var(--fg) } form.line label.check input { min-width: 0 }
form.line a { padding-bottom: .3rem } .nodes { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: .5rem 0; overflow-wrap: anywhere } .nodes span { color: var(--dim) }
.actions { display: flex; flex-wrap: wrap; gap: .3rem } td .actions { display: inline-flex; flex-wrap: nowrap; margin-right: .3rem } td .actions button { padding: .1rem .5rem; min-height: 1.75rem; font-size: .85rem; white-space: nowrap }
td:has(.actions) { white-space: nowrap } .bulk { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem; margin: .5rem 0 }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: .75rem 0 } .cards div { display: flex; flex-direction: column-reverse; border: 1px solid var(--line); border-radius: 8px; padding: .5rem 1rem; min-width: 8rem }
.cards dt { color: var(--dim); font-size: .85rem } .cards dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums }
.note { border-left: 4px solid var(--line); padding: .35rem .75rem; background: var(--head); overflow-wrap: anywhere } .note.warning { border-color: var(--warn) }
.note.error { border-color: var(--bad) } .note.good { border-color: var(--good) } .note.error strong { color: var(--bad) } .note.good strong { color: var(--good) }
.problems, .deeds { padding-left: 0; list-style: none; margin: .25rem 0 } .problems li, .deeds li { padding: .25rem 0; overflow-wrap: anywhere }
.deeds span { white-space: pre-line } .deeds .refused span, .problems .error strong { color: var(--bad) } .problems .warning strong { color: var(--warn) } .deeds time { color: var(--dim) }
.chart { margin: 0 } .chart svg { width: 100%; max-width: 64rem; height: auto; display: block } .chart text { fill: var(--dim); font-size: 10px }
.grid { stroke: var(--line) } .axis { stroke: var(--dim) } rect.delivered { fill: var(--delivered) } rect.deferred { fill: var(--deferred) } rect.failed { fill: var(--failed) }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .25rem 0 } .key { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin-right: .4rem }
.key.delivered { background: var(--delivered) } .key.deferred { background: var(--deferred) } .key.failed { background: var(--failed) }
.state { white-space: nowrap } .state.held, .state.suspended { color: var(--warn); font-weight: 600 } .state.sending { color: var(--good); font-weight: 600 }
.tree { list-style: none; padding-left: 1.1rem; border-left: 2px solid var(--line); margin: .25rem 0 .25rem .25rem } .tree li { padding: .15rem 0; overflow-wrap: anywhere }
.destination { color: var(--good); font-weight: 600 } pre { background: var(--head); padding: .75rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
.detail div { display: grid; grid-template-columns: 8rem 1fr; gap: .75rem; padding: .2rem 0 } .detail dt { color: var(--dim) } .detail dd { margin: 0; overflow-wrap: anywhere }
.narrow { max-width: 30rem } .narrow form.line { display: grid } .narrow button { justify-self: start }
#live { min-height: 1.3rem; font-size: .85rem; color: var(--dim); margin: 1.5rem 0 }
@media (max-width: 40rem) { .detail div { grid-template-columns: 1fr; gap: 0 } form.line input { min-width: 0; width: 100% } form.line label { flex: 1 1 100% } }
`
