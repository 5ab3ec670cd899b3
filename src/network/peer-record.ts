// Cuts the addresses of an entry in libp2p's peer store down to a number. Anyone may tell us addresses of anyone (DHT,
// mDNS), and libp2p merges them all; refusing the entry would let a stranger block a peer, so the surplus is dropped.
//
// The entry is a protobuf message (js-libp2p packages/peer-store/src/pb/peer.proto): field 1 holds an Address, repeated,
// whose field 2 is `isCertified`. Signed addresses are kept before rumours. Bytes that are no such message come back as
// they are: libp2p itself wrote them.

const addressField = 1
const certifiedField = 2
const wireVarint = 0
const wireFixed64 = 1
const wireBytes = 2
const wireFixed32 = 5

interface Field {
  readonly number: number
  readonly wire: number
  /** Where the field starts, tag included. */
  readonly start: number
  /** Where its value starts (after a length, where there is one). */
  readonly value: number
  readonly end: number
}

function readVarint(bytes: Uint8Array, offset: number): { value: number; end: number } | undefined {
  let value = 0
  let scale = 1
  for (let at = offset; at < bytes.length && at < offset + 10; at++) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * scale
    scale *= 128
    if (byte < 0x80) return { value, end: at + 1 }
  }
  return undefined
}

function readField(bytes: Uint8Array, start: number): Field | undefined {
  const tag = readVarint(bytes, start)
  if (tag === undefined) return undefined
  const number = Math.floor(tag.value / 8)
  const wire = tag.value % 8
  const done = (value: number, end: number): Field | undefined =>
    end <= bytes.length ? { number, wire, start, value, end } : undefined
  if (wire === wireFixed64) return done(tag.end, tag.end + 8)
  if (wire === wireFixed32) return done(tag.end, tag.end + 4)
  const next = readVarint(bytes, tag.end)
  if (next === undefined) return undefined
  if (wire === wireVarint) return done(tag.end, next.end)
  return wire === wireBytes ? done(next.end, next.end + next.value) : undefined
}

function readFields(bytes: Uint8Array): Field[] | undefined {
  const fields: Field[] = []
  for (let offset = 0; offset < bytes.length; ) {
    const field = readField(bytes, offset)
    if (field === undefined) return undefined
    fields.push(field)
    offset = field.end
  }
  return fields
}

function isCertified(bytes: Uint8Array, address: Field): boolean {
  const inner = bytes.subarray(address.value, address.end)
  return (readFields(inner) ?? []).some((field) => field.number === certifiedField && inner[field.value] === 1)
}

/** `record` itself when it has at most `addressesMax` addresses, else a copy with that many. */
export function trimPeerRecord(record: Uint8Array, addressesMax: number): Uint8Array {
  const fields = readFields(record)
  const addresses = fields?.filter((field) => field.number === addressField && field.wire === wireBytes) ?? []
  if (fields === undefined || addresses.length <= addressesMax) return record
  const certified = addresses.filter((field) => isCertified(record, field))
  const rumours = addresses.filter((field) => !certified.includes(field))
  const dropped = new Set([...certified, ...rumours].slice(addressesMax))
  const kept = fields.filter((field) => !dropped.has(field))
  const trimmed = new Uint8Array(kept.reduce((length, field) => length + field.end - field.start, 0))
  let offset = 0
  for (const field of kept) {
    trimmed.set(record.subarray(field.start, field.end), offset)
    offset += field.end - field.start
  }
  return trimmed
}
