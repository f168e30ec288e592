// Two promises of the pages, held by machine: the built CSS works on old Chromium kernels, and no template
// carries anything the content security policy would block.
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const here = path.dirname(fileURLToPath(import.meta.url))
const faults = []

const modernCss = /oklch\(|color-mix\(|light-dark\(|:has\(|@layer\b/
const manifest = JSON.parse(await readFile(path.join(here, 'dist/manifest.json'), 'utf8'))
for (const [name, file] of Object.entries(manifest)) {
  // docs.css is Swagger UI's own, for developers of other systems; their browsers are current.
  if (!name.endsWith('.css') || name === 'docs.css') continue
  const found = (await readFile(path.join(here, 'dist', file), 'utf8')).match(modernCss)
  if (found) faults.push(`dist/${name}: ${found[0]} is unknown to the browsers we promise`)
}

const blocked = [
  [/\sstyle\s*=/i, 'style attribute'],
  [/\son[a-z]+\s*=/i, 'inline event handler'],
  [/\s(?:data-)?hx-on\b/i, 'hx-on needs eval'],
  [/\s(?:data-)?hx-trigger\s*=\s*["'][^"']*\[/i, 'trigger filter needs eval'],
  [/hx-(?:vals|headers)\s*=\s*["']js:/i, 'js: values need eval'],
  [/<style\b/i, 'style element'],
  [/<script(?![^>]*\ssrc=)[^>]*>/i, 'script without src'],
  [/javascript:/i, 'javascript: address']
]
const templates = path.join(here, '../crates/web/templates')
const names = (await readdir(templates, { recursive: true })).filter(name => name.endsWith('.html'))
for (const name of names) {
  const text = await readFile(path.join(templates, name), 'utf8')
  text.split('\n').forEach((line, index) => {
    for (const [pattern, why] of blocked) {
      if (pattern.test(line)) faults.push(`templates/${name}:${index + 1}: ${why}: ${line.trim()}`)
    }
  })
}

for (const lock of ['package-lock.json', '../e2e/package-lock.json']) {
  if (/"resolved"/.test(await readFile(path.join(here, lock), 'utf8'))) faults.push(`${lock}: records registry addresses`)
}

if (faults.length > 0) {
  console.error(faults.join('\n'))
  process.exit(1)
}
console.log(`web check: ${names.length} templates and ${Object.keys(manifest).length} assets are clean`)
