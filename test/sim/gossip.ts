// Published messages in the simulated network: from peer to peer along connections, to those who follow the topic and through
// them, as gossipsub does (src/network/gossip.ts), each once. They can get lost.

import { networkErrors } from '../../src/network/errors.ts'
import { gossipMessageBytesMax, gossipTopicCharsMax, gossipTopicsMax } from '../../src/network/limits.ts'
import type { Blame, GossipHandler, GossipOptions, PeerId } from '../../src/network/types.ts'

export interface GossipNode {
  readonly id: PeerId
  readonly connected: ReadonlyMap<PeerId, unknown>
  readonly topics: Map<string, Followed>
}

export interface Followed {
  readonly handler: GossipHandler
  readonly allows: (peerId: PeerId) => boolean
}

interface GossipParts<Node extends GossipNode> {
  find(id: PeerId): Node | undefined
  /** Runs `arrive` when a message from one has come to the other, if it does. */
  carry(from: Node, to: Node, arrive: () => void): void
  blame(node: Node, peerId: PeerId, blame: Blame): void
}

interface Message {
  readonly topic: string
  readonly author: PeerId
  readonly bytes: Uint8Array
  readonly seenBy: Set<PeerId>
}

export function createGossipNet<Node extends GossipNode>({ find, carry, blame }: GossipParts<Node>) {
  function spread(node: Node, message: Message, except: PeerId | undefined): void {
    const own = node.topics.get(message.topic)
    for (const id of node.connected.keys()) {
      const to = find(id)
      if (to === undefined || id === except) continue
      // It has told us that it follows, and we would have told it.
      if (to.topics.get(message.topic)?.allows(node.id) !== true || own?.allows(id) === false) continue
      carry(node, to, () => arrive(node, to, message))
    }
  }

  function arrive(from: Node, to: Node, message: Message): void {
    const followed = to.topics.get(message.topic)
    if (followed?.allows(from.id) !== true || message.seenBy.has(to.id)) return
    message.seenBy.add(to.id)
    const verdict = followed.handler(message.author, message.bytes.slice())
    if (verdict === 'accept') spread(to, message, from.id)
    if (verdict === 'reject') blame(to, from.id, { code: 'gossip_refused', verdict: 'ignore' })
  }

  function checkTopic(topic: string): void {
    if (topic.length > 0 && topic.length <= gossipTopicCharsMax) return
    throw networkErrors.topic_malformed('A topic has 1 to 128 characters.')
  }

  return {
    subscribe(node: Node, topic: string, handler: GossipHandler, { allows = () => true }: GossipOptions = {}) {
      checkTopic(topic)
      if (node.topics.has(topic)) throw networkErrors.topic_taken('This topic is followed already.')
      if (node.topics.size >= gossipTopicsMax) throw networkErrors.topics_too_many('Too many topics are followed.')
      const followed: Followed = { handler, allows }
      node.topics.set(topic, followed)
      return () => {
        if (node.topics.get(topic) === followed) node.topics.delete(topic)
      }
    },
    async publish(node: Node, topic: string, bytes: Uint8Array): Promise<void> {
      checkTopic(topic)
      if (bytes.length > gossipMessageBytesMax) {
        throw networkErrors.gossip_too_long('A message is too long to be published.')
      }
      const message: Message = { topic, author: node.id, bytes: bytes.slice(), seenBy: new Set([node.id]) }
      spread(node, message, undefined)
    },
  }
}
