// Sends files to the daemon, so that a page can share what was dropped on it.
//
// fetch tells nothing about how much of a body has gone out. A stream is therefore counted as it is read; a Blob in a
// browser goes through XMLHttpRequest, which does tell (and browsers don't stream request bodies over HTTP/1.1).

import type { Share, Upload } from '../api/schemas.ts'
import { sdkErrors } from './errors.ts'
import { type Http, readJson } from './http.ts'
import type { PutOptions, ShareFilesOptions, UploadBody, UploadCalls, UploadFile, UploadProgress } from './types.ts'
import { sendWithXhr, xhrOfPlatform } from './xhr.ts'

type Files = Iterable<UploadFile> | AsyncIterable<UploadFile>

export function createUploadCalls(
  http: Http,
  shareUpload: (id: string, isPublic: boolean) => Promise<Share>,
): UploadCalls {
  const begin: UploadCalls['begin'] = (options) => http.call('POST /api/uploads', options)
  const cancel: UploadCalls['cancel'] = (id, options) =>
    http.call('DELETE /api/uploads/:id', { params: { id }, ...options })

  async function put(id: string, path: string, body: UploadBody, options: PutOptions = {}): Promise<Upload> {
    const { signal, onProgress } = options
    const params = { id, path }
    if (body instanceof Blob && onProgress !== undefined) {
      const createXhr = xhrOfPlatform()
      const url = http.urlOf('PUT /api/uploads/:id/files/*', { params })
      const request = { url, headers: http.credentials, body, signal, onProgress }
      if (createXhr !== undefined) return sendWithXhr(createXhr, request)
    }
    const counted = onProgress === undefined ? body : counting(body, onProgress)
    const request = { params, body: counted, headers: { 'content-type': 'application/octet-stream' } }
    const response = await http.send('PUT /api/uploads/:id/files/*', {
      ...request,
      ...(signal === undefined ? {} : { signal }),
    })
    return (await readJson(response, http.url, signal)) as Upload
  }

  async function putAll(id: string, files: Files, options: ShareFilesOptions): Promise<number> {
    const { signal, onProgress } = options
    const total = Array.isArray(files) ? totalBytes(files) : undefined
    const progress: UploadProgress = { bytesSent: 0, bytesTotal: total, filesDone: 0, path: '' }
    let [filesDone, bytesBefore] = [0, 0]
    for await (const { path, body } of files) {
      const tell = (sent: number) => onProgress?.({ ...progress, bytesSent: bytesBefore + sent, filesDone, path })
      tell(0)
      const upload = await put(id, path, body, { ...(signal === undefined ? {} : { signal }), onProgress: tell })
      bytesBefore = upload.bytes
      filesDone += 1
      tell(0)
    }
    return filesDone
  }

  async function share(files: Files, options: ShareFilesOptions = {}): Promise<Share> {
    const { id } = await begin(options.signal === undefined ? {} : { signal: options.signal })
    try {
      const count = await putAll(id, files, options)
      if (count === 0) throw sdkErrors.upload_empty('There is no file to share.')
      return await shareUpload(id, options.public ?? false)
    } catch (error) {
      // The first failure is what the caller needs; the daemon drops forgotten uploads by itself.
      await cancel(id).catch(() => undefined)
      throw error
    }
  }

  return { begin, put, cancel, share }
}

function totalBytes(files: readonly UploadFile[]): number | undefined {
  let total = 0
  for (const { body } of files) {
    if (body instanceof ReadableStream) return undefined
    total += body instanceof Blob ? body.size : body.length
  }
  return total
}

/** Passes bytes on and tells how many the network has taken from it. */
function counting(body: UploadBody, onProgress: (bytesSent: number) => void): UploadBody {
  if (body instanceof Uint8Array) return body
  // A browser's fetch refuses streams over HTTP/1.1, but takes Blobs; there XMLHttpRequest has counted already.
  const stream: ReadableStream<Uint8Array> = body instanceof Blob ? body.stream() : body
  let sent = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      sent += chunk.length
      controller.enqueue(chunk)
      onProgress(sent)
    },
  })
  return stream.pipeThrough(counter)
}
