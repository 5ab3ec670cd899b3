// A home router's UPnP side (Internet Gateway Device 1 or 2), as far as opening a port goes: answers searches by SSDP,
// hands out its description, and maps ports by SOAP, as strictly as routers are. It forwards nothing.

import { createSocket } from 'node:dgram'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Mapping {
  readonly externalPort: number
  readonly internalClient: string
  readonly internalPort: number
  readonly protocol: string
  /** 0: for ever. */
  readonly leaseSeconds: number
}

export interface GatewayOptions {
  /** Its own address on the local network, and the one that it says the Internet knows it by. */
  readonly address: string
  readonly externalAddress: string
  readonly version: 1 | 2
  /** What maps ports: many DSL routers of version 1 have PPP. */
  readonly service?: 'WANIPConnection' | 'WANPPPConnection'
  /** Opens ports for ever or not at all. */
  readonly onlyForEver?: boolean
  /** Says of the first port that it is asked for that another computer has it. */
  readonly firstIsTaken?: boolean
  /** Answers each search so many times more, with other places for its description. */
  readonly chatter?: number
}

export interface FakeGateway {
  /** Ports that it was asked to open, and has not been asked to close. */
  readonly mappings: readonly Mapping[]
  /** Every action that was called, in order. */
  readonly actions: readonly string[]
  /** How often its description was read. */
  readonly reads: number
  stop(): void
}

const group = '239.255.255.250'
const uuid = 'uuid:6f1f5a3e-0000-4000-8000-peerhoodtest'
const [badArguments, notThere, conflict, permanentOnly] = [402, 714, 718, 725]

export async function startFakeGateway(options: GatewayOptions): Promise<FakeGateway> {
  const { address, externalAddress, version } = options
  const deviceType = `urn:schemas-upnp-org:device:InternetGatewayDevice:${version}`
  const serviceType = `urn:schemas-upnp-org:service:${options.service ?? 'WANIPConnection'}:${version}`
  const mappings: Mapping[] = []
  const actions: string[] = []
  let reads = 0
  let taken = options.firstIsTaken ? undefined : 0

  const http = createServer(async (request, response) => {
    if (request.method === 'GET') reads++
    const result = request.method === 'POST' ? await act(request) : description(deviceType, serviceType)
    if (typeof result === 'number') response.statusCode = 500
    response.setHeader('content-type', 'text/xml')
    response.end(typeof result === 'number' ? fault(result) : result)
  })

  async function act(request: IncomingMessage): Promise<string | number> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const [service, action = ''] = String(request.headers.soapaction).replaceAll('"', '').split('#')
    if (service !== serviceType || !body.includes(`xmlns:u="${serviceType}"`)) return badArguments
    actions.push(action)
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? ''
    if (action === 'GetExternalIPAddress') return answer(action, `<NewExternalIPAddress>${externalAddress}<`)
    if (action === 'AddPortMapping') return open(request, field) ?? answer(action, '<')
    return close(field) ?? answer(action, '<')
  }

  function open(request: IncomingMessage, field: (name: string) => string): number | undefined {
    const mapping = {
      externalPort: Number(field('NewExternalPort')),
      internalClient: field('NewInternalClient'),
      internalPort: Number(field('NewInternalPort')),
      protocol: field('NewProtocol'),
      leaseSeconds: Number(field('NewLeaseDuration')),
    }
    taken ??= mapping.externalPort
    if (mapping.protocol !== 'TCP' || request.socket.remoteAddress === undefined) return badArguments
    if (mapping.externalPort === taken) return conflict
    if (options.onlyForEver && mapping.leaseSeconds !== 0) return permanentOnly
    mappings.push(mapping)
    return undefined
  }

  function close(field: (name: string) => string): number | undefined {
    const known = mappings.findIndex(
      ({ externalPort, protocol }) =>
        externalPort === Number(field('NewExternalPort')) && protocol === field('NewProtocol'),
    )
    if (known < 0) return notThere
    mappings.splice(known, 1)
    return undefined
  }

  await new Promise<void>((resolve) => http.listen(0, address, resolve))
  const { port } = http.address() as AddressInfo
  const ssdp = createSocket({ type: 'udp4', reuseAddr: true })
  ssdp.on('message', (message, { address: to, port: toPort }) => {
    if (!message.toString().startsWith('M-SEARCH') || !message.includes(`ST: ${deviceType}\r\n`)) return
    for (let n = 0; n <= (options.chatter ?? 0); n++) {
      ssdp.send(searchAnswer(deviceType, `http://${address}:${port}/device.xml?${n}`), toPort, to)
    }
  })
  await new Promise<void>((resolve) => ssdp.bind(1900, group, resolve))
  ssdp.addMembership(group, address)
  return {
    mappings,
    actions,
    get reads() {
      return reads
    },
    stop() {
      ssdp.close()
      http.close()
      http.closeAllConnections()
    },
  }
}

function searchAnswer(deviceType: string, location: string): string {
  const usn = `${uuid}::${deviceType}`
  const headers = [`ST: ${deviceType}`, `USN: ${usn}`, `LOCATION: ${location}`, 'CACHE-CONTROL: max-age=1800', 'EXT:']
  return ['HTTP/1.1 200 OK', ...headers, '', ''].join('\r\n')
}

const envelope = (body: string) =>
  `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`

/** `inner` ends with the `<` of its closing tag. */
function answer(action: string, inner: string): string {
  return envelope(`<u:${action}Response xmlns:u="x">${inner}/x></u:${action}Response>`)
}

function fault(code: number): string {
  return envelope(`<s:Fault><faultcode>s:Client</faultcode><faultstring>UPnPError</faultstring><detail>
    <UPnPError xmlns="urn:schemas-upnp-org:control-1-0"><errorCode>${code}</errorCode></UPnPError></detail></s:Fault>`)
}

/** The device, cut down to the one service that opens ports, which is two devices further in. */
function description(deviceType: string, serviceType: string): string {
  const service = `<service><serviceType>${serviceType}</serviceType>
    <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
    <SCPDURL>/scpd.xml</SCPDURL><controlURL>/control</controlURL><eventSubURL>/events</eventSubURL></service>`
  const within = (type: string, inner: string) => `<device><deviceType>${type}</deviceType>${inner}</device>`
  const connection = within(
    'urn:schemas-upnp-org:device:WANConnectionDevice:1',
    `<serviceList>${service}</serviceList>`,
  )
  const wan = within('urn:schemas-upnp-org:device:WANDevice:1', `<deviceList>${connection}</deviceList>`)
  return `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">
    <specVersion><major>1</major><minor>0</minor></specVersion>
    ${within(deviceType, `<friendlyName>Fake</friendlyName><UDN>${uuid}</UDN><deviceList>${wan}</deviceList>`)}</root>`
}
