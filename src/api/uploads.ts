// PUT of one file of an upload: the body goes to the services as it arrives, never gathered. The meter between them
// counts, passes backpressure on, and gives up on a body that grows past its bound or stops arriving.

import type { IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import type { Cancel, Clock } from '../base/ports.ts'
import { apiErrors } from './errors.ts'
import { uploadFileBytesMax, uploadIdleTimeoutMs } from './limits.ts'
import type { Upload } from './schemas.ts'
import type { DaemonServices } from './services.ts'

export interface UploadRequest {
  readonly incoming: IncomingMessage
  readonly id: string
  readonly path: string
  readonly signal: AbortSignal
}

interface UploadParts {
  readonly services: Pick<DaemonServices, 'writeUpload'>
  readonly clock: Clock
}

export async function receiveUpload(request: UploadRequest, { services, clock }: UploadParts): Promise<Upload> {
  const { incoming, id, path, signal } = request
  if (Number(incoming.headers['content-length'] ?? 0) > uploadFileBytesMax) throw tooLarge()
  const meter = createMeter(clock)
  const onBroken = () => meter.destroy(apiErrors.caller_gone('The upload broke off.'))
  incoming.once('error', onBroken).once('aborted', onBroken)
  incoming.pipe(meter)
  try {
    return await services.writeUpload(id, path, meter, { signal })
  } finally {
    // Whatever the services left unread is not kept waiting; the answer still goes out.
    incoming.unpipe(meter)
    meter.destroy()
    incoming.off('error', onBroken).off('aborted', onBroken)
  }
}

function createMeter(clock: Clock): Transform {
  let bytes = 0
  let cancelIdle: Cancel = () => undefined
  const watchIdle = () => {
    cancelIdle()
    cancelIdle = clock.after(uploadIdleTimeoutMs, () => {
      meter.destroy(apiErrors.body_timeout(`No byte arrived for ${uploadIdleTimeoutMs / 1000} s.`))
    })
  }
  const meter = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length
      watchIdle()
      if (bytes > uploadFileBytesMax) done(tooLarge())
      else done(null, chunk)
    },
    destroy(error, done) {
      cancelIdle()
      done(error)
    },
    flush(done) {
      cancelIdle()
      done()
    },
  })
  // A destroyed stream tells its reader by `error`; when the reader is gone already, nobody else need hear.
  meter.on('error', () => undefined)
  watchIdle()
  return meter
}

function tooLarge() {
  return apiErrors.body_too_large(`A file may have ${uploadFileBytesMax} bytes at most.`)
}
