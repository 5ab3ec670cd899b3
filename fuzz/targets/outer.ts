// What programs and persons give: requests of the API, answers to the SDK, options and settings.

import type { IncomingMessage } from 'node:http'
import { InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { createGate } from '../../src/api/access.ts'
import { routes } from '../../src/api/all-routes.ts'
import { parseWith } from '../../src/api/body.ts'
import { parsePath } from '../../src/api/paths.ts'
import type { Route } from '../../src/api/route.ts'
import { utf8 } from '../../src/base/bytes.ts'
import { defineErrors } from '../../src/base/errors.ts'
import { parseRange } from '../../src/base/http-range.ts'
import { parseChoice, parseCount, parseSize } from '../../src/cli/command.ts'
import { parseSeconds } from '../../src/cli/commands/get.ts'
import { readEnvironment } from '../../src/cli/environment.ts'
import { plain, textToBytes, textToSeconds } from '../../src/cli/text.ts'
import { decodePayload } from '../../src/community/payload-wire.ts'
import { IgnoreRules } from '../../src/content/library/ignore-rules.ts'
import { parseSettings } from '../../src/node/config.ts'
import { toDagJson } from '../../src/node/dag-json.ts'
import { parseListenPorts } from '../../src/node/listen-ports.ts'
import { parseProblem } from '../../src/sdk/problems.ts'
import { createSseParser } from '../../src/sdk/sse.ts'
import { exampleOf } from '../examples.ts'
import { json, texts, vectorBytes } from '../seeds.ts'
import { type Target, target, textOf } from '../target.ts'

/** Everything that a caller of the API sends: bodies and queries, by route. */
const requests: readonly z.ZodType[] = Object.values<Route>(routes).flatMap(({ request, query }) => [
  ...(request === undefined ? [] : [request]),
  ...(query === undefined ? [] : [query]),
])

const gateToken = 'the-token-of-this-daemon'
const gate = createGate({ token: gateToken, port: 7_000 })

const optionErrors = defineErrors({
  option_wrong: { kind: 'usage', hint: '' },
  not_json: { kind: 'usage', hint: '' },
})

function parsedJson(input: Uint8Array): unknown {
  try {
    return JSON.parse(textOf(input))
  } catch {
    throw optionErrors.not_json('')
  }
}

const options = [
  parseSize,
  parseCount(0, 65_535),
  parseChoice('read', 'keep'),
  parseSeconds,
  (text: string) => readEnvironment({ PEERHOOD_HOME: text, XDG_DATA_HOME: text, PEERHOOD_LOG: text }, 'linux').home,
]

export const outerTargets: readonly Target[] = [
  target({
    name: 'api-request',
    covers: ['src/api/body.ts parseWith'],
    shape: 'json',
    codes: ['request_malformed', 'not_json'],
    // A pair: which request, and what it says.
    seeds: () =>
      json(
        ...requests.map((schema, at) => [
          at,
          exampleOf(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })),
        ]),
      ),
    decode(input) {
      const pair = parsedJson(input)
      const [at, value] = Array.isArray(pair) ? pair : [0, pair]
      const schema = requests[typeof at === 'number' ? at : 0] ?? requests[0] ?? z.any()
      const read = parseWith(schema, value)
      return { at, read, schema }
    },
    // What was read is fit to be sent.
    encode: ({ at, read }) => utf8(JSON.stringify([at, read])),
    canonical: false,
  }),
  target({
    name: 'api-gate',
    covers: ['src/api/access.ts createGate'],
    shape: 'text',
    codes: ['host_refused', 'origin_refused', 'unauthenticated'],
    seeds: () =>
      texts(
        `host: 127.0.0.1:7000\norigin: http://127.0.0.1:7000\nauthorization: Bearer ${gateToken}`,
        `host: localhost:7000\nsec-fetch-site: same-origin\ncookie: a=b; peerhood-7000=x`,
      ),
    words: [
      'host: ',
      'origin: ',
      '\n',
      'Bearer ',
      'cookie: ',
      'peerhood-7000=',
      ';',
      'null',
      'evil.example',
      ':7000',
      '[::1]:7000',
    ],
    inputBytesMax: 1_000,
    decode(input) {
      const headersDistinct: Record<string, string[]> = {}
      for (const line of textOf(input).split('\n')) {
        const [name = '', ...value] = line.split(': ')
        if (!Object.hasOwn(headersDistinct, name)) headersDistinct[name] = []
        headersDistinct[name]?.push(value.join(': '))
      }
      const headers = Object.fromEntries(Object.entries(headersDistinct).map(([name, [first]]) => [name, first]))
      const incoming = { method: 'POST', headers, headersDistinct } as unknown as IncomingMessage
      gate.checkSource(incoming, false)
      gate.checkCaller(incoming)
      // Whoever gets here has shown the token; the cookie's value follows from it and stands in no seed.
      if (!textOf(input).includes(gateToken)) throw new Error('somebody came in without the token')
      return headers
    },
  }),
  target({
    name: 'ignore-rules',
    covers: ['src/content/library/ignore-rules.ts IgnoreRules'],
    shape: 'text',
    seeds: () => texts('a/b.txt\n*.txt\n!b.txt\n/a/\n**/c\n# no\n\\#x', 'x y\n[a-z]?/**\nx\\ y', 'é/f\n*\n!*/'),
    words: ['\n', '**', '*', '?', '[', ']', '!', '/', '\\', '[a-', '[!', '{a,b}', '***/', '#'],
    inputBytesMax: 160,
    decode(input) {
      const [path = '', ...rules] = textOf(input).split('\n')
      const names = path.split('/').filter((name) => name !== '' && name !== '.' && name !== '..')
      if (names.length === 0) return undefined
      return new IgnoreRules().within([], [rules.join('\n')]).ignores(names, false)
    },
  }),
  target({
    name: 'api-path',
    covers: ['src/api/paths.ts parsePath'],
    shape: 'text',
    codes: ['path_malformed'],
    seeds: () => texts('a/b%20c/d.txt', '%C3%A9', 'x'),
    words: ['/', '..', '.', '%2e%2e', '%2F', '%00', '%', '%ff', '\\'],
    decode(input) {
      const path = parsePath(textOf(input))
      if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) throw new Error('it climbs')
      return path
    },
    encode: (path) => (path.isWellFormed() ? utf8(path.split('/').map(encodeURIComponent).join('/')) : undefined),
    canonical: false,
  }),
  target({
    name: 'range',
    covers: ['src/base/http-range.ts parseRange'],
    shape: 'text',
    seeds: () => texts('bytes=0-', 'bytes=5-9', 'bytes=-3', 'bytes=0-1,5-6', 'items=1-2'),
    words: ['bytes=', '-', ',', '0', '999999999999999', '9007199254740993', ' '],
    inputBytesMax: 300,
    decode(input) {
      return [0, 1, 1_000, Number.MAX_SAFE_INTEGER].map((bytes) => {
        const verdict = parseRange(textOf(input), bytes)
        const isInside =
          verdict.type !== 'part' || (verdict.start >= 0 && verdict.start < verdict.end && verdict.end <= bytes)
        if (!isInside) throw new Error('a range outside the file')
        return verdict.type
      })
    },
  }),
  target({
    name: 'problem',
    covers: ['src/sdk/problems.ts parseProblem'],
    shape: 'json',
    seeds: () =>
      json({ code: 'link_unknown', kind: 'usage', detail: 'no link', hint: 'paste it', details: { a: 1 } }, []),
    decode: (input) => {
      const error = parseProblem(textOf(input))
      return error === undefined ? undefined : { ...error, message: error.message }
    },
  }),
  target({
    name: 'events',
    covers: ['src/sdk/sse.ts createSseParser'],
    shape: 'text',
    seeds: () => texts('id: 4\ndata: {"type":"x"}\n\n: heartbeat\n\nid: 5\r\ndata: a\r\ndata: b\r\n\r\n'),
    words: ['id:', 'data:', 'data', ': ', '\n', '\n\n', '\r\n', '\0'],
    decode(input) {
      const text = textOf(input)
      const whole = createSseParser().push(text)
      const cut = createSseParser()
      const pieces = [...text].flatMap((piece) => cut.push(piece))
      if (JSON.stringify(pieces) !== JSON.stringify(whole)) throw new Error('cut, it says something else')
      return whole
    },
  }),
  target({
    name: 'settings',
    covers: ['src/node/config.ts parseSettings', 'src/node/listen-ports.ts parseListenPorts'],
    shape: 'json',
    codes: ['settings_damaged'],
    seeds: () =>
      json(
        {
          downloads: '/tmp',
          mdns: false,
          upnp: true,
          relay: true,
          bootstrap: ['/ip4/1.2.3.4/tcp/1'],
          deviceName: 'Desk',
        },
        {},
        { 'ip4/tcp': 4001, 'ip6/ws': 65_535 },
      ),
    decode(input) {
      parseListenPorts(textOf(input))
      return parseSettings('settings.json', textOf(input))
    },
    encode: (settings) => utf8(JSON.stringify(settings)),
    canonical: false,
  }),
  target({
    name: 'options',
    covers: [
      'src/cli/command.ts parseSize',
      'src/cli/command.ts parseCount',
      'src/cli/command.ts parseChoice',
      'src/cli/commands/get.ts parseSeconds',
      'src/cli/environment.ts readEnvironment',
    ],
    shape: 'text',
    codes: ['option_wrong', 'environment_malformed'],
    seeds: () => texts('500MB', '1.5 gb', '7', 'keep', '0.5', '/home/x', 'debug'),
    words: ['GB', '.', '-', 'e', '0', '9'],
    inputBytesMax: 100,
    decode(input) {
      const text = textOf(input)
      plain(text)
      textToBytes(text)
      textToSeconds(text)
      const option = options[text.length % options.length] ?? parseSize
      try {
        return option(text)
      } catch (error) {
        if (error instanceof InvalidArgumentError) throw optionErrors.option_wrong(error.message)
        throw error
      }
    },
  }),
  target({
    name: 'export',
    covers: ['src/node/dag-json.ts toDagJson'],
    shape: 'cbor',
    codes: ['payload_malformed'],
    seeds: () => vectorBytes('community/sealed.json', 'content'),
    decode: (input) => JSON.stringify(toDagJson(decodePayload(input).body)) ?? '',
  }),
]
