// How a file can be looked at in the page. Pure.

export type Viewing = 'image' | 'video' | 'audio' | 'text' | 'pdf' | 'none'

/** Larger images and texts are opened elsewhere: the page would choke on them. */
export const imageBytesMax = 64 * 1024 * 1024
/** As much of a text as is shown. */
export const textBytesShown = 512 * 1024

const textTypes = ['application/json', 'application/xml', 'application/javascript', 'application/yaml']

/** By media type as the daemon tells it. Files come from strangers: nothing that runs scripts is ever shown as a page. */
export function viewingOf(mediaType: string, bytes: number): Viewing {
  const [type = ''] = mediaType.toLowerCase().split(';')
  if (type.startsWith('image/')) return bytes <= imageBytesMax ? 'image' : 'none'
  if (type.startsWith('video/')) return 'video'
  if (type.startsWith('audio/')) return 'audio'
  if (type === 'application/pdf') return 'pdf'
  if (type.startsWith('text/') || textTypes.includes(type.trim())) return 'text'
  return 'none'
}
