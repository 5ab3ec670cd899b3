// `peerhood peers`: who this peer knows and is connected to; `peers connect` adds one by hand.

import type { Command } from 'commander'
import type { Peer } from '../../sdk/types.ts'
import { defineCommand } from '../command.ts'
import { type CliContext, type CommonOptions, print, printJson } from '../context.ts'
import { bytesToText, table } from '../text.ts'

interface PeersOptions extends CommonOptions {
  readonly all?: true
}

export function peersCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'peers',
    summary: 'list peers: how each was found, direct or relayed, latency, bytes',
    example: 'peerhood peers --all',
  })
    .option('--all', 'those known but not connected as well (always with --json)')
    .action(async (options: PeersOptions) => {
      const daemon = await context.daemon()
      const peers = await daemon.peers.list({ signal: context.signal })
      if (options.json) printJson(context, peers)
      else print(context, peersText(peers, options.all === true))
    })
    .addCommand(connectCommand(context))
}

function connectCommand(context: CliContext): Command {
  return defineCommand({
    usage: 'connect <address>',
    summary: 'connect to a peer and remember it',
    example: 'peerhood peers connect /ip4/192.0.2.7/tcp/4001/p2p/12D3KooW…',
  }).action(async (address: string, _options: unknown, command: Command) => {
    const daemon = await context.daemon()
    const peer = await daemon.peers.connect({ address }, { signal: context.signal })
    const { json } = command.optsWithGlobals<CommonOptions>()
    if (json) printJson(context, peer)
    else print(context, peersText([peer], true))
  })
}

function peersText(peers: readonly Peer[], all: boolean): string {
  const shown = all ? peers : peers.filter((peer) => peer.state === 'connected')
  const hidden = peers.length - shown.length
  const more = hidden > 0 ? `${hidden} more known: --all shows them.` : ''
  if (shown.length === 0) return `No peer is connected. ${more}`.trim()
  const headings = ['PEER', 'FOUND', 'PATH', 'LATENCY', 'IN', 'OUT', 'BY', 'ADDRESS']
  const rows = shown.map((peer) => [
    peer.peerId,
    peer.source,
    peer.state === 'connected' ? peer.path : 'known',
    peer.latencyMs === null ? '' : `${Math.round(peer.latencyMs)} ms`,
    bytesToText(peer.bytesIn),
    bytesToText(peer.bytesOut),
    peer.state === 'connected' ? `${peer.transport}/${peer.encryption}` : '',
    peer.address ?? '',
  ])
  const relayed = shown.filter((peer) => peer.path === 'relayed' && peer.pathSentence !== null)
  const whys = relayed.map((peer) => `${peer.peerId} by a relay: ${peer.pathSentence}`)
  return [table(headings, rows), ...whys, ...(more === '' ? [] : [more])].join('\n')
}
