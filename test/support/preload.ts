/** Makes every process of a Haraka, its threads included, run compiled files of the tests before anything else. */
export function preloading(...files: readonly string[]): { readonly NODE_OPTIONS: string } {
  // Node reads this variable with double quotes and backslashes as a shell would.
  const quoted = files.map((file) => `--require "${file.replace(/["\\]/g, '\\$&')}"`)
  return { NODE_OPTIONS: [process.env['NODE_OPTIONS'] ?? '', ...quoted].join(' ').trim() }
}
