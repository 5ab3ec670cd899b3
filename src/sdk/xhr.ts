// The one thing that XMLHttpRequest does and fetch doesn't: it tells how much of a body has gone out. Only what is used
// of it is declared here, because programs outside browsers have neither the object nor its types.

import type { Upload } from '../api/schemas.ts'
import { sdkErrors } from './errors.ts'
import { errorOfFailure, parseProblem } from './problems.ts'

interface Xhr {
  readonly status: number
  readonly responseText: string
  readonly upload: { onprogress: ((event: { readonly loaded: number }) => void) | null }
  onload: (() => void) | null
  onerror: (() => void) | null
  onabort: (() => void) | null
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  send(body: Blob): void
  abort(): void
}

export type CreateXhr = () => Xhr

export interface XhrRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Blob
  readonly signal: AbortSignal | undefined
  readonly onProgress: (bytesSent: number) => void
}

/** The browser's, where there is one. */
export function xhrOfPlatform(): CreateXhr | undefined {
  const platform = globalThis as { readonly XMLHttpRequest?: new () => Xhr }
  const Constructor = platform.XMLHttpRequest
  return Constructor === undefined ? undefined : () => new Constructor()
}

export function sendWithXhr(createXhr: CreateXhr, request: XhrRequest): Promise<Upload> {
  const { url, headers, body, signal, onProgress } = request
  const { promise, resolve, reject } = Promise.withResolvers<Upload>()
  const xhr = createXhr()
  const onAbort = () => xhr.abort()
  const fail = () => reject(errorOfFailure(new Error('the connection broke'), new URL(url).origin, signal))
  xhr.upload.onprogress = (event) => onProgress(event.loaded)
  xhr.onload = () => settle(xhr, resolve, reject)
  xhr.onerror = fail
  xhr.onabort = fail
  xhr.open('PUT', url)
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
  xhr.setRequestHeader('content-type', 'application/octet-stream')
  if (signal?.aborted === true) {
    fail()
    return promise
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  xhr.send(body)
  return promise.finally(() => signal?.removeEventListener('abort', onAbort))
}

function settle(xhr: Xhr, resolve: (upload: Upload) => void, reject: (error: unknown) => void): void {
  const malformed = () =>
    sdkErrors.answer_malformed(`The address answered ${xhr.status}, but not as a Peerhood daemon does.`)
  if (xhr.status < 200 || xhr.status > 299) {
    reject(parseProblem(xhr.responseText) ?? malformed())
    return
  }
  try {
    resolve(JSON.parse(xhr.responseText) as Upload)
  } catch {
    reject(malformed())
  }
}
