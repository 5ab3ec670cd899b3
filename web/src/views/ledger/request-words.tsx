// A request as a person reads it before saying yes: what it does, what changes, what it costs, what to look out for, and all
// that stands in it.

import type { WalletRequest } from '../../../../src/sdk/types.ts'
import { Note } from '../../ui/parts.tsx'

const tones = { note: 'calm', warn: 'warn', stop: 'bad' } as const

export function RequestWords({ request }: { request: WalletRequest }) {
  const { sentence, changes, fee, warnings, lines, simulated, raw } = request
  return (
    <div className="stack request">
      <p className="request-sentence">
        <bdi>{sentence}</bdi>
      </p>
      {changes.length > 0 && (
        <ul className="request-changes" aria-label="What changes">
          {changes.map((change) => (
            <li key={change.sentence} className={`change change-${change.kind}`}>
              <bdi>{change.sentence}</bdi>
            </li>
          ))}
        </ul>
      )}
      {(simulated === 'run' || fee !== null) && (
        <p className="small soft">
          {simulated === 'run' && 'The chain has tried it: this is what changes for you. '}
          {fee !== null && (fee.text === 'free' ? 'It costs nothing.' : `It costs ${fee.text}.`)}
        </p>
      )}
      {warnings.map((warning) => (
        <Note key={warning.code} tone={tones[warning.weight]} title={warning.sentence} />
      ))}
      <details className="get-options">
        <summary>All that stands in it</summary>
        <dl className="request-lines">
          {lines.map((line, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no identity; their place is their meaning
            <div key={at} className={`request-depth-${Math.min(line.depth, 4)}`}>
              <dt>{line.label}</dt>
              <dd>
                <bdi>{line.value}</bdi>
              </dd>
            </div>
          ))}
          {raw !== '0x' && (
            <div>
              <dt>As it is</dt>
              <dd className="mono request-raw">{raw.length > 2000 ? `${raw.slice(0, 2000)}…` : raw}</dd>
            </div>
          )}
        </dl>
      </details>
    </div>
  )
}
