// Which type a file is served as, from its name alone. An allow-list: what is not in it is saved, not shown. Nothing in
// it can run scripts in our origin; HTML, SVG and XML are shown as the text that they are.

export interface Media {
  readonly type: string
  /** Whether a browser may show it; else it offers to save it. */
  readonly inline: boolean
}

const text = 'text/plain; charset=utf-8'

const typeOfExtension: Readonly<Record<string, string>> = {
  // Pictures that are pixels only.
  apng: 'image/apng',
  avif: 'image/avif',
  bmp: 'image/bmp',
  gif: 'image/gif',
  ico: 'image/x-icon',
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  // Sound and film.
  aac: 'audio/aac',
  flac: 'audio/flac',
  m4a: 'audio/mp4',
  m4v: 'video/mp4',
  mkv: 'video/x-matroska',
  mov: 'video/quicktime',
  mp3: 'audio/mpeg',
  mp4: 'video/mp4',
  oga: 'audio/ogg',
  ogg: 'audio/ogg',
  ogv: 'video/ogg',
  opus: 'audio/ogg',
  wav: 'audio/wav',
  weba: 'audio/webm',
  webm: 'video/webm',
  pdf: 'application/pdf',
  // Text, and what would be more than text if a browser were told so.
  c: text,
  cpp: text,
  css: text,
  csv: text,
  go: text,
  h: text,
  htm: text,
  html: text,
  ini: text,
  java: text,
  js: text,
  json: text,
  jsx: text,
  log: text,
  md: text,
  mjs: text,
  py: text,
  rs: text,
  sh: text,
  sql: text,
  srt: text,
  svg: text,
  toml: text,
  ts: text,
  tsv: text,
  tsx: text,
  txt: text,
  vtt: text,
  xhtml: text,
  xml: text,
  yaml: text,
  yml: text,
}

/** How a file of this name is served; also what `mediaType` of a file in the API says. */
export function mediaOf(path: string): Media {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const dot = name.lastIndexOf('.')
  const extension = dot <= 0 ? '' : name.slice(dot + 1).toLowerCase()
  const type = Object.hasOwn(typeOfExtension, extension) ? typeOfExtension[extension] : undefined
  return type === undefined ? { type: 'application/octet-stream', inline: false } : { type, inline: true }
}
