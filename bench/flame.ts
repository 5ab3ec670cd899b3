// Where the main threads' time goes when one peer sends a large file to another: both are profiled while they do it, and
// each profile becomes a picture, wide where the time is. What the block thread does beside them is not in it.
//
//   npm run bench -- flame [--mib 1024] [--private] [--to docs/images]     writes flame-source.svg and flame-copy.svg

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { peerhood } from './contenders/peerhood.ts'
import { makeBigFile } from './data.ts'
import { sizeOf } from './processes.ts'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

/** A function called from where it is, its callers above it; `ms` with all that it calls. */
interface Frame {
  readonly name: string
  readonly kind: keyof typeof colours
  ms: number
  readonly calls: Map<string, Frame>
}

const colours = { ours: '#d9773c', packages: '#c9a227', node: '#5b8fb9', native: '#8a9a5b' } as const
const kindNames = { ours: 'Peerhood', packages: 'packages', node: 'Node', native: 'inside the engine and the system' }
const width = 1200
const rowHeight = 17
/** Narrower than this nothing can be seen. */
const widthMin = 0.6
const charWidth = 6.2
/** Starting the program is no part of sending. */
const left = ['(idle)', '(root)']

function kindOf(url: string): Frame['kind'] {
  if (url === '') return 'native'
  if (url.startsWith('node:')) return 'node'
  return url.includes('/node_modules/') ? 'packages' : 'ours'
}

/** From when the first block moves: what came before is the program's start. */
function treeOf({ nodes, samples, timeDeltas }: Profile, fromMs: number): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const callerOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const root: Frame = { name: 'all', kind: 'native', ms: 0, calls: new Map() }
  let nowMs = 0
  samples.forEach((sample, at) => {
    const ms = (timeDeltas[at] ?? 0) / 1000
    nowMs += ms
    const path: Profile['nodes'][number][] = []
    for (let id: number | undefined = sample; id !== undefined; id = callerOf.get(id)) {
      const node = byId.get(id)
      if (node !== undefined) path.unshift(node)
    }
    if (nowMs < fromMs || path.at(-1)?.callFrame.functionName === '(idle)') return
    root.ms += ms
    let frame = root
    for (const { callFrame } of path) {
      if (left.includes(callFrame.functionName)) continue
      frame = callOf(frame, callFrame)
      frame.ms += ms
    }
  })
  return root
}

function callOf({ calls }: Frame, { functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): Frame {
  const file = url.split('/').slice(-2).join('/')
  const name = `${functionName || '(anonymous)'}${file === '' ? '' : ` ${file}:${lineNumber + 1}`}`
  const known = calls.get(name)
  if (known !== undefined) return known
  const made: Frame = { name, kind: kindOf(url), ms: 0, calls: new Map() }
  calls.set(name, made)
  return made
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)

function pictureOf(root: Frame, title: string): string {
  const boxes: string[] = []
  let depthMax = 0
  const draw = (frame: Frame, x: number, depth: number): void => {
    const wide = (frame.ms / root.ms) * width
    if (wide < widthMin) return
    depthMax = Math.max(depthMax, depth)
    const y = 56 + depth * rowHeight
    const chars = Math.floor((wide - 4) / charWidth)
    const label = frame.name.length > chars ? `${frame.name.slice(0, Math.max(0, chars - 1))}…` : frame.name
    const share = `${frame.name}: ${frame.ms.toFixed(0)} ms, ${((100 * frame.ms) / root.ms).toFixed(1)} %`
    boxes.push(
      `<g><title>${escaped(share)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${wide.toFixed(1)}" height="${rowHeight - 1}" fill="${colours[frame.kind]}"/>` +
        `${chars > 3 ? `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escaped(label)}</text>` : ''}</g>`,
    )
    let at = x
    for (const call of [...frame.calls.values()].sort((a, b) => b.ms - a.ms)) {
      draw(call, at, depth + 1)
      at += (call.ms / root.ms) * width
    }
  }
  draw(root, 0, 0)
  const legend = (Object.keys(colours) as Frame['kind'][]).map(
    (kind, at) =>
      `<rect x="${4 + at * 230}" y="30" width="12" height="12" fill="${colours[kind]}"/><text x="${20 + at * 230}" y="40">${kindNames[kind]}</text>`,
  )
  const height = 56 + (depthMax + 1) * rowHeight + 4
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="ui-monospace, monospace" font-size="10.5" fill="#1b1b1b">
<title>${escaped(title)}</title>
<rect width="${width}" height="${height}" fill="#fbfaf7"/><text x="4" y="18" font-size="14">${escaped(title)}</text>
${legend.join('\n')}
${boxes.join('\n')}
</svg>
`
}

/** When blocks begin to move: the first sample of what reads frames. */
function firstBlockMs({ nodes, samples, timeDeltas }: Profile): number {
  const isReading = ({ callFrame }: Profile['nodes'][number]) =>
    callFrame.functionName === 'read' && callFrame.url.endsWith('/src/transfer/channel.ts')
  const moving = new Set(nodes.filter(isReading).map(({ id }) => id))
  let nowMs = 0
  for (const [at, sample] of samples.entries()) {
    nowMs += (timeDeltas[at] ?? 0) / 1000
    if (moving.has(sample)) return nowMs
  }
  return nowMs
}

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '1024' },
    private: { type: 'boolean', default: false },
    to: { type: 'string', default: join(import.meta.dirname, '../docs/images') },
  },
})
const scratch = mkdtempSync(join(tmpdir(), 'peerhood-flame-'))
try {
  const source = join(scratch, 'source')
  makeBigFile(source, Number(values.mib) * 2 ** 20)
  const profiles = join(scratch, 'profiles')
  process.env.NODE_OPTIONS = `--cpu-prof --cpu-prof-dir=${profiles}`
  const visibility = values.private ? 'private' : 'public'
  const { seconds } = await peerhood(visibility).run({ source, ...sizeOf(source), scratch, copies: 1 })
  // Named by time and process; the author is started first.
  for (const [at, file] of readdirSync(profiles).sort().slice(0, 2).entries()) {
    const side = at === 0 ? 'source' : 'copy'
    const profile = JSON.parse(readFileSync(join(profiles, file), 'utf8')) as Profile
    const root = treeOf(profile, firstBlockMs(profile))
    const title = `${side}: ${values.mib} MiB, ${visibility}, in ${seconds.toFixed(1)} s; main thread busy for ${(root.ms / 1000).toFixed(1)} s`
    writeFileSync(join(values.to, `flame-${side}.svg`), pictureOf(root, title))
    console.log(title)
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
