// The picture of the network. It is drawn for eyes only: `PeerTable` says the same in words, one button away.

import { useMemo, useState } from 'react'
import { bytesText, rateText, shortText } from '../../format/core.ts'
import type { PeerEntry } from '../../store/core.ts'
import { type GraphPeer, graphText, isBusy, latencyText, layoutGraph, pathText, picture, sourceText } from './core.ts'

const middle = { x: picture.width / 2, y: picture.height / 2 }

export function NetworkGraph({ entries, self }: { entries: ReadonlyMap<string, PeerEntry>; self: string }) {
  const graph = useMemo(() => layoutGraph(entries.values()), [entries])
  const [hovered, setHovered] = useState<string>()
  const shown = graph.peers.find(({ entry }) => entry.peer.peerId === hovered)
  return (
    <figure className="graph">
      <svg
        viewBox={`0 0 ${picture.width} ${picture.height}`}
        role="img"
        aria-label={graphText(entries.values())}
        onPointerLeave={() => setHovered(undefined)}
      >
        {[0.4, 0.68, 0.97].map((part) => (
          <ellipse
            key={part}
            className="graph-ring"
            cx={middle.x}
            cy={middle.y}
            rx={part * (middle.x - 24)}
            ry={part * (middle.y - 24)}
          />
        ))}
        {graph.peers.map((peer) => (
          <Line key={peer.entry.peer.peerId} peer={peer} />
        ))}
        {graph.peers.map((peer) => (
          <Node
            key={peer.entry.peer.peerId}
            peer={peer}
            labelled={graph.peers.length <= 40}
            onHover={() => setHovered(peer.entry.peer.peerId)}
          />
        ))}
        <g className="graph-self">
          <circle cx={middle.x} cy={middle.y} r="24" />
          <text x={middle.x} y={middle.y + 5} textAnchor="middle">
            you
          </text>
        </g>
      </svg>
      {shown !== undefined && <Tip peer={shown} />}
      <figcaption>
        <span className="visually-hidden">{self} stands in the middle. </span>
        <Legend hidden={graph.hidden} />
      </figcaption>
    </figure>
  )
}

function Line({ peer: { entry, x, y } }: { peer: GraphPeer }) {
  if (entry.peer.state !== 'connected') return null
  const points = { x1: middle.x, y1: middle.y, x2: x, y2: y }
  return (
    <>
      <line className={`graph-line graph-line-${entry.peer.path}`} {...points} />
      {isBusy(entry) && <line className="graph-flow" {...points} />}
    </>
  )
}

function Node({ peer, labelled, onHover }: { peer: GraphPeer; labelled: boolean; onHover: () => void }) {
  const { entry, x, y, radius } = peer
  const connected = entry.peer.state === 'connected'
  const busy = isBusy(entry) ? ' graph-node-busy' : ''
  return (
    <g className={`graph-node graph-node-${connected ? entry.peer.path : 'known'}${busy}`} onPointerEnter={onHover}>
      <circle className="graph-target" cx={x} cy={y} r={Math.max(14, radius + 6)} />
      <circle cx={x} cy={y} r={radius} />
      {connected && labelled && <Label peer={peer} />}
    </g>
  )
}

/** Away from the middle, so that the line to it does not run through the letters. */
function Label({ peer: { x, y, radius, label } }: { peer: GraphPeer }) {
  const above = y < middle.y
  const place = above
    ? ({ y: y - radius - 6, dominantBaseline: 'auto' } as const)
    : ({ y: y + radius + 6, dominantBaseline: 'hanging' } as const)
  return (
    <text x={x} textAnchor="middle" {...place}>
      {label}
    </text>
  )
}

/** Beside the peer, on the side where there is room. */
function Tip({ peer: { entry, x, y } }: { peer: GraphPeer }) {
  const { peer } = entry
  const left = x > middle.x
  const style = { left: `${(x / picture.width) * 100}%`, top: `${(y / picture.height) * 100}%` }
  return (
    <div className={left ? 'graph-tip graph-tip-left' : 'graph-tip'} style={style} aria-hidden="true">
      <strong className="mono">{shortText(peer.peerId, 6, 6)}</strong>
      <span>
        {pathText(peer)}, {sourceText(peer)}
      </span>
      {peer.state === 'connected' && (
        <span className="figures">
          {latencyText(peer)} · {bytesText(peer.bytesIn)} in · {bytesText(peer.bytesOut)} out
        </span>
      )}
      {isBusy(entry) && <span className="figures">{rateText(entry.bytesPerSecond)} now</span>}
    </div>
  )
}

function Legend({ hidden }: { hidden: number }) {
  return (
    <ul className="graph-legend">
      <li>
        <i className="key key-direct" /> direct
      </li>
      <li>
        <i className="key key-relayed" /> through a relay
      </li>
      <li>
        <i className="key key-known" /> known
      </li>
      <li>nearer is faster</li>
      {hidden > 0 && <li>{hidden} more in the list</li>}
    </ul>
  )
}
