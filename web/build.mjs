// Builds web/dist: hashed files with .gz and .br beside them, and manifest.json (logical name -> file name).
// Called by crates/web/build.rs; BR_QUALITY (0..11) trades build time for size.
import { build } from 'esbuild'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const here = path.dirname(fileURLToPath(import.meta.url))
const dist = path.join(here, 'dist')
const quality = Number(process.env.BR_QUALITY ?? 11)

/** One SVG with a <symbol> per icon named in icons.txt. */
async function sprite () {
  const names = (await readFile(path.join(here, 'src/icons.txt'), 'utf8')).split(/\s+/).filter(Boolean)
  const symbols = await Promise.all(names.map(async name => {
    const svg = await readFile(path.join(here, `node_modules/@tabler/icons/icons/outline/${name}.svg`), 'utf8')
    const drawing = svg.slice(svg.indexOf('>') + 1, svg.lastIndexOf('</svg>')).replaceAll(/\s+/g, ' ').trim()
    return `<symbol id="${name}" viewBox="0 0 24 24">${drawing.replace(/<path stroke="none" d="M0 0h24v24H0z" fill="none" ?\/> ?/, '')}</symbol>`
  }))
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>`
}

const bundle = await build({
  absWorkingDir: here,
  entryPoints: ['src/theme.css', 'src/app.js', 'src/docs.js', 'src/docs.css'],
  bundle: true,
  minify: true,
  write: false,
  outdir: 'dist',
  format: 'iife',
  legalComments: 'none',
  target: ['chrome87', 'firefox78', 'safari14.1'],
  logLevel: 'warning'
})

const files = bundle.outputFiles.map(file => [path.basename(file.path), file.contents])
files.push(['icons.svg', Buffer.from(await sprite())])
files.push(['logo.svg', await readFile(path.join(here, 'src/logo.svg'))])

await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
const manifest = {}
for (const [name, bytes] of files) {
  const { name: stem, ext } = path.parse(name)
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 10)
  const file = `${stem}-${hash}${ext}`
  manifest[name] = file
  await writeFile(path.join(dist, file), bytes)
  await writeFile(path.join(dist, `${file}.gz`), gzipSync(bytes, { level: 9 }))
  await writeFile(path.join(dist, `${file}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }))
}
await writeFile(path.join(dist, 'manifest.json'), JSON.stringify(manifest, null, 2))
