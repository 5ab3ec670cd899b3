// What is said to routers that open ports (UPnP Internet Gateway Devices, versions 1 and 2): searches, descriptions and
// actions as text. Only what both versions know is asked for, so one way serves every router. Pure. Whatever sits on the
// local network can answer: nothing here takes longer than its input is long, or leads to another computer.

/** A router of version 2 answers both; most homes have version 1. */
export const searchTargets = [
  'urn:schemas-upnp-org:device:InternetGatewayDevice:1',
  'urn:schemas-upnp-org:device:InternetGatewayDevice:2',
] as const

/** Services that map ports, in either version; PPP is what many DSL routers have. */
const services = /^urn:schemas-upnp-org:service:WAN(IP|PPP)Connection:[12]$/

export interface Control {
  readonly service: string
  readonly url: URL
}

/** Why an action was not done, where it is worth another try. UPnP WANIPConnection:1, 2.4.16 "AddPortMapping". */
export type Refusal = 'port-taken' | 'only-for-ever' | 'other'

export function searchMessage(target: string): string {
  const headers = ['HOST: 239.255.255.250:1900', 'MAN: "ssdp:discover"', 'MX: 1', `ST: ${target}`]
  return ['M-SEARCH * HTTP/1.1', ...headers, '', ''].join('\r\n')
}

/** Where an answer to a search says that the description is, if that is on the computer that answered. */
export function locationOf(answer: string, from: string): URL | undefined {
  const [first = '', ...headers] = answer.split('\r\n')
  if (!first.startsWith('HTTP/1.1 200')) return undefined
  const fields = new Map(
    headers.map((line) => [line.split(':', 1)[0]?.toLowerCase(), line.slice(line.indexOf(':') + 1)]),
  )
  if (!searchTargets.some((target) => target === fields.get('st')?.trim())) return undefined
  return urlOn(from, fields.get('location')?.trim() ?? '')
}

function urlOn(host: string, text: string, base?: URL): URL | undefined {
  if (!URL.canParse(text, base?.href)) return undefined
  const url = new URL(text, base)
  return url.protocol === 'http:' && url.hostname === host ? url : undefined
}

/** The first service of a description that maps ports, if it is on the same computer. */
export function controlOf(description: string, location: URL): Control | undefined {
  for (const part of description.split('<service>').slice(1)) {
    const service = textOf(part, 'serviceType') ?? ''
    const url = urlOn(location.hostname, textOf(part, 'controlURL') ?? '', location)
    if (services.test(service) && url !== undefined) return { service, url }
  }
  return undefined
}

/** The text of the first element of that name. Attributes are short: routers put no more than a type there. */
export function textOf(xml: string, name: string): string | undefined {
  const match = new RegExp(`<(?:\\w{1,16}:)?${name}(?:\\s[^<>]{0,200})?>([^<>]{0,1024})<`).exec(xml)
  return match?.[1]?.trim().replaceAll('&amp;', '&')
}

export function actionBody(service: string, action: string, fields: Readonly<Record<string, string | number>>): string {
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`)
  return `<?xml version="1.0"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<s:Body><u:${action} xmlns:u="${service}">${elements.join('')}</u:${action}></s:Body></s:Envelope>`
}

export function refusalOf(fault: string): Refusal {
  switch (textOf(fault, 'errorCode')) {
    case '718':
      return 'port-taken'
    case '725':
      return 'only-for-ever'
    default:
      return 'other'
  }
}
