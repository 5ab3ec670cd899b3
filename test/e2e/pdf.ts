// A PDF that a browser shows, made by hand (ISO 32000-1): each page a plain colour with noise that does not compress
// below it, about a mebibyte. It is not linearised: the table of where everything lies stands at its end, so that a
// reader has to ask for the end before it can show a page.

import { sampleBytes } from './support.ts'

const mebibyte = 1024 * 1024
/** Points, a 72nd of an inch. */
const [pageWidth, pageHeight] = [600, 800]
const noiseWidth = 512

/** Of every page's upper half, as PDF writes colours: 0 to 1. */
export const pageColour = { red: 1, green: 0.4, blue: 0 } as const

/** Objects 1 and 2 are the catalogue and the page tree; each page takes three more: itself, what it draws, its noise. */
export const pageObject = (page: number): number => 3 + 3 * page

export function makePdf(pages: number): Buffer {
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')]
  const places: number[] = []
  let length = parts[0]?.length ?? 0
  const put = (part: Buffer) => {
    parts.push(part)
    length += part.length
  }
  for (const body of bodies(pages)) {
    places.push(length)
    put(Buffer.concat([Buffer.from(`${places.length} 0 obj\n`), body, Buffer.from('\nendobj\n')]))
  }
  put(Buffer.from(crossReferences(places, length)))
  return Buffer.concat(parts)
}

/** Of every object, in the order of their numbers. */
function bodies(pages: number): Buffer[] {
  const all = Array.from({ length: pages }, (_, page) => pageObject(page))
  const kids = all.map((number) => `${number} 0 R`).join(' ')
  return [
    Buffer.from('<< /Type /Catalog /Pages 2 0 R >>'),
    Buffer.from(`<< /Type /Pages /Count ${pages} /Kids [${kids}] >>`),
    ...all.flatMap(pageBodies),
  ]
}

function pageBodies(number: number): Buffer[] {
  const { red, green, blue } = pageColour
  const drawing = `${red} ${green} ${blue} rg 0 400 600 400 re f q 600 0 0 400 0 0 cm /Noise Do Q`
  const height = Math.floor(mebibyte / noiseWidth)
  const grey = '/ColorSpace /DeviceGray /BitsPerComponent 8'
  return [
    Buffer.from(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${pageWidth} ${pageHeight}] /Contents ${number + 1} 0 R ` +
        `/Resources << /XObject << /Noise ${number + 2} 0 R >> >> >>`,
    ),
    stream('', Buffer.from(drawing)),
    stream(
      `/Type /XObject /Subtype /Image /Width ${noiseWidth} /Height ${height} ${grey}`,
      sampleBytes(`pdf ${number}`, noiseWidth * height),
    ),
  ]
}

function stream(entries: string, data: Buffer): Buffer {
  const head = Buffer.from(`<< /Length ${data.length} ${entries} >>\nstream\n`)
  return Buffer.concat([head, data, Buffer.from('\nendstream')])
}

/** Lines of exactly 20 bytes (§7.5.4), and where they begin. */
function crossReferences(places: readonly number[], start: number): string {
  const lines = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  const count = places.length + 1
  return (
    `xref\n0 ${count}\n0000000000 65535 f \n${lines}` +
    `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
  )
}
