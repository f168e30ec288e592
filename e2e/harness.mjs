// Starts the program under test and a browser, and holds every page to the same promises: no serious
// accessibility fault, nothing stopped by the content security policy, no error in the page's script.
//
//   TZXM_BIN    program to start                     (target/debug/tzxm)
//   TZXM_ARGS   its arguments; DATA is replaced      (demo --fresh --data DATA)
//   TZXM_URL    address of a running program: nothing is started
//   CHROMIUM    browser                              (/usr/bin/chromium)
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const here = path.dirname(fileURLToPath(import.meta.url))
const root = path.join(here, '..')
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Desktop and phone, the two sizes every picture is taken in. */
export const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } }

/** A TCP port nobody listens on. */
export async function freePort () {
  const server = net.createServer()
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Starts a program and waits until `url` answers; its last words explain a failure. */
export async function startProgram (bin, args, { env = {}, url, limit = 60_000 } = {}) {
  const child = spawn(bin, args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  let ended = null
  const keep = chunk => { words = (words + chunk).slice(-8000) }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  child.once('error', error => { ended = error.message })
  child.once('exit', (code, signal) => { ended ??= `ended with ${code ?? signal}` })
  const stop = async () => {
    if (ended !== null) return
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGTERM')
    const hard = setTimeout(() => child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(hard)
  }
  const deadline = Date.now() + limit
  for (;;) {
    if (ended !== null) throw new Error(`${bin} ${ended}:\n${words}`)
    try {
      const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(2000) })
      if (answer.status < 500) return { stop, words: () => words }
    } catch { /* not listening yet */ }
    if (Date.now() > deadline) {
      await stop()
      throw new Error(`${bin} did not answer at ${url} within ${limit} ms:\n${words}`)
    }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

/** Starts tzxm with made-up data on free ports: `{ portal, office, api }` addresses and `stop()`; `env` for settings of its own. */
export async function startTzxm (env) {
  if (process.env.TZXM_URL && !env) {
    const portal = new URL(process.env.TZXM_URL)
    const beside = step => Object.assign(new URL(portal), { port: Number(portal.port) + step }).origin
    return { portal: portal.origin, office: beside(1), api: beside(2), stop: async () => {} }
  }
  const data = await mkdtemp(path.join(os.tmpdir(), 'tzxm-e2e-'))
  const [portal, office, api] = [await freePort(), await freePort(), await freePort()]
  const args = (process.env.TZXM_ARGS ?? 'demo --fresh --data DATA').split(' ').map(word => word === 'DATA' ? data : word)
  const program = await startProgram(process.env.TZXM_BIN ?? path.join(root, 'target/debug/tzxm'), args, {
    env: { TZXM_PORTAL_PORT: String(portal), TZXM_OFFICE_PORT: String(office), TZXM_API_PORT: String(api), ...env },
    url: `http://127.0.0.1:${portal}/`
  })
  const at = port => `http://127.0.0.1:${port}`
  return {
    portal: at(portal),
    office: at(office),
    api: at(api),
    words: program.words,
    stop: async () => {
      await program.stop()
      await rm(data, { recursive: true, force: true })
    }
  }
}

/** A browser that speaks Chinese and reaches nothing but this machine. */
export function startBrowser () {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    env: { ...process.env, LANGUAGE: 'zh_CN' },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  })
}

/**
 * A page in a context of its own. `size`: desktop or phone; `noJs`: without scripts.
 * Script errors and policy violations are collected; `checkPage` and `closePage` fail on them.
 */
export async function openPage (browser, { size = 'desktop', noJs = false } = {}) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    isMobile: size === 'phone',
    hasTouch: size === 'phone',
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
    javaScriptEnabled: !noJs
  })
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  page.faults = []
  page.on('console', message => {
    if (message.type() === 'error' && /Content Security Policy|Refused to/i.test(message.text())) page.faults.push(message.text())
  })
  page.on('pageerror', error => page.faults.push(`script: ${error.message}`))
  page.on('requestfailed', request => {
    if (/csp/i.test(request.failure()?.errorText ?? '')) page.faults.push(`blocked: ${request.url()}`)
  })
  return page
}

/** Holds the page as it stands now to the promises. */
export async function checkPage (page, name = page.url()) {
  assert.deepEqual(page.faults, [], `${name}: script errors or policy violations`)
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(wide <= 0, `${name}: ${wide} px wider than the window`)
  if (!await page.evaluate(() => 'axe' in window)) await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
  const told = bad.map(({ id, help, nodes }) => `${id}: ${help}\n${nodes.map(node => `    ${node.target}  ${node.html.slice(0, 140)}  ${node.any[0]?.message ?? ''}`).join('\n')}`)
  assert.equal(bad.length, 0, `${name}: ${bad.length} accessibility faults\n${told.join('\n')}`)
}

/** Closes the page and its context; a fault that came after the last check still fails. */
export async function closePage (page) {
  await page.context().close()
  assert.deepEqual(page.faults, [], 'script errors or policy violations')
}

/** A picture of the whole page in e2e/out/. */
export async function picture (page, name) {
  await mkdir(path.join(here, 'out'), { recursive: true })
  await page.screenshot({ path: path.join(here, 'out', `${name}.png`), fullPage: true })
}

/** For pages without scripts, where axe cannot run: nothing blocked, nothing failed. */
export async function checkStill (page, name = page.url()) {
  assert.deepEqual(page.faults, [], `${name}: policy violations`)
}
