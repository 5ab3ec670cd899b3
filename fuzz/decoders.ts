// Which functions of src/ are decoders, by how such functions are called and where they stand. Whatever is found here has
// to be fuzzed, or to be in the list of what only sounds like one.

import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

/** A decoder anywhere. */
const everywhere = /^(decode|parse|unpack)[A-Z]/
/** In files that are about formats, these are decoders, too. */
const inFormats =
  /^(read|open|check|create(Decoder|Unframer|FrameReader))[A-Z]|^create(Decoder|Unframer|FrameReader)$|^(textOf|locationOf|controlOf|unpad)$/
const formatFiles =
  /wire\.ts$|decoder\.ts$|^src\/content\/format\/|^src\/identity\/|^src\/base\/|^src\/network\/der\.ts|\/ipfs\//

/** Why each is none. */
const noDecoders: Readonly<Record<string, string>> = {
  'src/identity/keystore-seal.ts openSecrets':
    'AES-GCM after scrypt: all bytes but those that were sealed are refused by the tag',
  'src/identity/keystore-seal.ts checkPassphrase': 'a rule for new passphrases',
  'src/identity/service.ts openIdentity': 'the service; what it reads is decodeKeystore’s',
  'src/log/sync/wire.ts checkLength': 'part of decodeBody',
  'src/log/sync/wire.ts readU32': 'part of decodeBody',
  'src/community/meet/wire.ts checkLength': 'part of decodeBody',
  'src/community/meet/wire.ts readU32': 'part of decodeBody',
  'src/transfer/wire.ts checkLength': 'part of decodeBody',
  'src/transfer/wire.ts readU32': 'part of decodeBody',
  'src/ipfs/limits.ts readAheadBlocks': 'a limit',
  'src/content/format/layout.ts checkNodeCount': 'part of readLayout',
}

export function findDecoders(): string[] {
  const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !/(\.test|testing)\.ts$/.test(file))
  return files.flatMap((file) => {
    const names = [
      ...readFileSync(join(root, file), 'utf8').matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm),
    ]
    return names
      .map(([, name = '']) => name)
      .filter((name) => everywhere.test(name) || (formatFiles.test(file) && inFormats.test(name)))
      .map((name) => `${file} ${name}`)
      .filter((decoder) => !Object.hasOwn(noDecoders, decoder))
  })
}

/** Whether `file name` stands in the source, as a function, a class or a method. */
export function isThere(decoder: string): boolean {
  const [file = '', name = ''] = decoder.split(' ')
  return new RegExp(`\\b${name}\\b`).test(readFileSync(join(root, file), 'utf8'))
}
