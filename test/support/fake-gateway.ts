// A home router's UPnP side (Internet Gateway Device 2), as far as opening a port goes: answers searches by SSDP, hands out
// its description, and maps ports by SOAP. It forwards nothing.

import { createSocket } from 'node:dgram'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Mapping {
  readonly externalPort: number
  readonly internalClient: string
  readonly internalPort: number
  readonly protocol: string
}

export interface FakeGateway {
  /** Ports that it was asked to open, and has not been asked to close. */
  readonly mappings: readonly Mapping[]
  /** Every action that was called, in order. */
  readonly actions: readonly string[]
  stop(): void
}

const group = '239.255.255.250'
const deviceType = 'urn:schemas-upnp-org:device:InternetGatewayDevice:2'
const serviceType = 'urn:schemas-upnp-org:service:WANIPConnection:2'
const uuid = 'uuid:6f1f5a3e-0000-4000-8000-peerhoodtest'

/** `address`: its own on the local network. `externalAddress`: the one that it says the Internet knows it by. */
export async function startFakeGateway(address: string, externalAddress: string): Promise<FakeGateway> {
  const mappings: Mapping[] = []
  const actions: string[] = []
  const http = createServer(async (request, response) => {
    response.setHeader('content-type', 'text/xml')
    response.end(request.method === 'POST' ? await act(request) : description)
  })

  async function act(request: IncomingMessage): Promise<string> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const action = String(request.headers.soapaction).replaceAll('"', '').split('#')[1] ?? ''
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? ''
    actions.push(action)
    const externalPort = Number(field('NewExternalPort'))
    if (action === 'GetExternalIPAddress') return answer(action, 'NewExternalIPAddress', externalAddress)
    if (action === 'AddAnyPortMapping') {
      mappings.push({
        externalPort,
        internalClient: field('NewInternalClient'),
        internalPort: Number(field('NewInternalPort')),
        protocol: field('NewProtocol'),
      })
      return answer(action, 'NewReservedPort', String(externalPort))
    }
    const known = mappings.findIndex((mapping) => mapping.externalPort === externalPort)
    if (action === 'DeletePortMapping' && known >= 0) mappings.splice(known, 1)
    return answer(action, 'Done', '1')
  }

  await new Promise<void>((resolve) => http.listen(0, address, resolve))
  const { port } = http.address() as AddressInfo
  const ssdp = createSocket({ type: 'udp4', reuseAddr: true })
  ssdp.on('message', (message, { address: to, port: toPort }) => {
    if (!message.toString().startsWith('M-SEARCH') || !message.includes(deviceType)) return
    ssdp.send(searchAnswer(`http://${address}:${port}/device.xml`), toPort, to)
  })
  await new Promise<void>((resolve) => ssdp.bind(1900, group, resolve))
  ssdp.addMembership(group, address)
  return {
    mappings,
    actions,
    stop() {
      ssdp.close()
      http.close()
      http.closeAllConnections()
    },
  }
}

function searchAnswer(location: string): string {
  const usn = `${uuid}::${deviceType}`
  const headers = [`ST: ${deviceType}`, `USN: ${usn}`, `LOCATION: ${location}`, 'CACHE-CONTROL: max-age=1800', 'EXT:']
  return ['HTTP/1.1 200 OK', ...headers, '', ''].join('\r\n')
}

function answer(action: string, name: string, value: string): string {
  return `<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
    <u:${action}Response xmlns:u="${serviceType}"><${name}>${value}</${name}></u:${action}Response></s:Body></s:Envelope>`
}

/** UPnP InternetGatewayDevice:2, cut down to the one service that opens ports. */
const description = `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0">
  <specVersion><major>1</major><minor>1</minor></specVersion>
  <device><deviceType>${deviceType}</deviceType><friendlyName>Fake</friendlyName><UDN>${uuid}</UDN>
    <serviceList><service><serviceType>${serviceType}</serviceType>
      <serviceId>urn:upnp-org:serviceId:WANIPConn1</serviceId>
      <SCPDURL>/scpd.xml</SCPDURL><controlURL>/control</controlURL><eventSubURL>/events</eventSubURL>
    </service></serviceList></device></root>`
