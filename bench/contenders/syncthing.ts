// Syncthing as Debian packages it, TLS between devices, discovery and relays off. Time counts from when a receiver first
// says that it is syncing until it has everything, which leaves reconnecting and the index exchange out: in its favour.

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { difference, freePort, start, stop, until, usage } from '../processes.ts'
import { type Contender, type Work, worst } from './contender.ts'

interface Device {
  readonly id: string
  readonly address: string
  readonly rest: <Result>(method: string, path: string, body?: unknown) => Promise<Result>
  readonly usage: () => ReturnType<typeof usage>
  readonly stop: () => Promise<void>
}

const folderId = 'bench'
const environment = { ...process.env, STNODEFAULTFOLDER: '1', STNOUPGRADE: '1', STMONITORED: 'yes' }

async function startDevice(home: string): Promise<Device> {
  const generated = spawnSync('syncthing', ['generate', `--home=${home}`], { env: environment })
  if (generated.status !== 0) throw new Error(`syncthing generate: ${generated.stderr}`)
  const [apiPort, syncPort] = [await freePort(), await freePort()]
  const address = `tcp://127.0.0.1:${syncPort}`
  const key = configure(join(home, 'config.xml'), apiPort, address)
  const child = start('syncthing', ['serve', `--home=${home}`, '--no-browser'], { env: environment })
  child.stdout?.resume()

  const rest: Device['rest'] = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${apiPort}/rest/${path}`, {
      method,
      headers: { 'X-API-Key': key },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
  const status = await until('Syncthing answers', () =>
    rest<{ myID: string }>('GET', 'system/status').catch(() => undefined),
  )
  return { id: status.myID, address, rest, usage: () => usage(child.pid ?? 0), stop: () => stop(child) }
}

/** Sets ports, switches everything off that leaves this computer, and returns the API key. */
function configure(file: string, apiPort: number, address: string): string {
  const settings: Record<string, string> = {
    listenAddress: address,
    globalAnnounceEnabled: 'false',
    localAnnounceEnabled: 'false',
    relaysEnabled: 'false',
    natEnabled: 'false',
    urAccepted: '-1',
    crashReportingEnabled: 'false',
    startBrowser: 'false',
    autoUpgradeIntervalH: '0',
    reconnectionIntervalS: '1',
  }
  let xml = readFileSync(file, 'utf8')
  for (const [name, value] of Object.entries(settings)) {
    xml = xml.replace(new RegExp(`<${name}>[^<]*</${name}>`), `<${name}>${value}</${name}>`)
  }
  xml = xml.replace(/(<gui[^>]*>\s*<address>)[^<]*/, `$1127.0.0.1:${apiPort}`)
  writeFileSync(file, xml)
  return /<apikey>([^<]+)</.exec(xml)?.[1] ?? ''
}

async function introduce(a: Device, b: Device): Promise<void> {
  const entry = (device: Device) => ({ deviceID: device.id, addresses: [device.address], compression: 'never' })
  await Promise.all([a.rest('POST', 'config/devices', entry(b)), b.rest('POST', 'config/devices', entry(a))])
  await until('Syncthing devices connect', async () => {
    const { connections } = await a.rest<{ connections: Record<string, { connected: boolean }> }>(
      'GET',
      'system/connections',
    )
    return connections[b.id]?.connected === true ? true : undefined
  })
}

function folder(path: string, type: string, devices: readonly Device[]) {
  return {
    id: folderId,
    path,
    type,
    fsWatcherEnabled: false,
    rescanIntervalS: 0,
    devices: devices.map(({ id }) => ({ deviceID: id })),
  }
}

interface FolderStatus {
  readonly state: string
  readonly localFiles: number
  readonly localBytes: number
}

function folderStatus(device: Device): Promise<FolderStatus> {
  return device.rest('GET', `db/status?folder=${folderId}`)
}

function isComplete(status: FolderStatus, work: Work): boolean {
  return status.state === 'idle' && status.localFiles === work.files && status.localBytes >= work.bytes
}

async function untilComplete(device: Device, work: Work): Promise<true> {
  return until('Syncthing has everything', async () =>
    isComplete(await folderStatus(device), work) ? true : undefined,
  )
}

export const syncthing: Contender = {
  name: 'Syncthing',
  missing: () => (spawnSync('syncthing', ['--version']).status === 0 ? undefined : 'syncthing is not installed'),

  async run(work) {
    const source = await startDevice(join(work.scratch, 'home-source'))
    const copies = await Promise.all(
      Array.from({ length: work.copies }, (_, index) => startDevice(join(work.scratch, `home-${index}`))),
    )
    const everyone = [source, ...copies]
    for (const [index, device] of everyone.entries()) {
      for (const other of everyone.slice(index + 1)) await introduce(device, other)
    }
    mkdirSync(join(work.source, '.stfolder'), { recursive: true })
    await source.rest('POST', 'config/folders', folder(work.source, 'sendonly', everyone))
    await untilComplete(source, work)

    const before = everyone.map((device) => device.usage())
    const results = copies.map((_, index) => join(work.scratch, `copy-${index}`))
    await Promise.all(
      copies.map((device, index) =>
        device.rest('POST', 'config/folders', folder(results[index] ?? '', 'receiveonly', everyone)),
      ),
    )
    const startedMs = await Promise.any(
      copies.map((device) =>
        until('Syncthing begins', async () => {
          const status = await folderStatus(device)
          return status.state === 'syncing' || isComplete(status, work) ? performance.now() : undefined
        }),
      ),
    )
    await Promise.all(copies.map((device) => untilComplete(device, work)))
    const seconds = (performance.now() - startedMs) / 1000
    const used = everyone.map((device, index) => difference(device.usage(), before[index] ?? device.usage()))
    await Promise.all(everyone.map((device) => device.stop()))
    const [first = { cpuSeconds: 0, memoryMaxBytes: 0 }, ...rest] = used
    return { seconds, source: first, copy: worst(rest), results }
  },
}
