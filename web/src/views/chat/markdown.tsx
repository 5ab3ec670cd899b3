// Draws a message's tree: React elements and texts only, never HTML. Links open in a tab of their own and tell it nothing;
// one that is labelled as something else says where it leads; those of ours open in this page.

import { type ReactNode, useMemo } from 'react'
import { type Block, type Inline, parseMarkdown } from '../../../../src/sdk/markdown.ts'
import { useShell } from '../../shell/hooks.tsx'
import { useRoom } from './context.tsx'

export function Markdown({ text, mentions = [] }: { text: string; mentions?: readonly string[] }) {
  const blocks = useMemo(() => parseMarkdown(text), [text])
  return <MarkdownTree blocks={blocks} mentions={mentions} />
}

interface TreeProps {
  readonly blocks: readonly Block[]
  /** Persons whom the message really mentions: not everything after an @ is somebody. */
  readonly mentions: readonly string[]
}

export function MarkdownTree({ blocks, mentions }: TreeProps) {
  return blocks.map((block, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity; their place is their meaning
    <BlockPart key={at} block={block} mentions={mentions} />
  ))
}

function BlockPart({ block, mentions }: { block: Block; mentions: readonly string[] }) {
  switch (block.type) {
    case 'paragraph':
      return (
        <p dir="auto">
          <Inlines parts={block.children} mentions={mentions} />
        </p>
      )
    case 'code':
      return (
        <pre>
          <code>{block.text}</code>
        </pre>
      )
    case 'quote':
      return (
        <blockquote>
          <MarkdownTree blocks={block.children} mentions={mentions} />
        </blockquote>
      )
    case 'list':
      return <ListPart block={block} mentions={mentions} />
  }
}

function ListPart({ block, mentions }: { block: Extract<Block, { type: 'list' }>; mentions: readonly string[] }) {
  const items = block.items.map((item, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity; their place is their meaning
    <li key={at}>
      <MarkdownTree blocks={item} mentions={mentions} />
    </li>
  ))
  return block.ordered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>
}

function Inlines({ parts, mentions }: { parts: readonly Inline[]; mentions: readonly string[] }): ReactNode {
  return parts.map((part, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity; their place is their meaning
    <InlinePart key={at} part={part} mentions={mentions} />
  ))
}

function InlinePart({ part, mentions }: { part: Inline; mentions: readonly string[] }): ReactNode {
  switch (part.type) {
    case 'text':
      return part.text
    case 'break':
      return <br />
    case 'code':
      return <code>{part.text}</code>
    case 'mention':
      return <MentionPart part={part} mentions={mentions} />
    case 'link':
      return <LinkPart part={part} mentions={mentions} />
    case 'strong':
      return (
        <strong>
          <Inlines parts={part.children} mentions={mentions} />
        </strong>
      )
    case 'emphasis':
      return (
        <em>
          <Inlines parts={part.children} mentions={mentions} />
        </em>
      )
    case 'strike':
      return (
        <s>
          <Inlines parts={part.children} mentions={mentions} />
        </s>
      )
  }
}

type MentionOf = Extract<Inline, { type: 'mention' }>

function MentionPart({ part, mentions }: { part: MentionOf; mentions: readonly string[] }) {
  const { members, self } = useRoom()
  const called = part.name?.toLowerCase()
  const person = mentions.find((one) =>
    part.person === undefined ? members.get(one)?.name.toLowerCase() === called : one === part.person,
  )
  if (person === undefined) return part.text
  return (
    <bdi className={person === self ? 'mention mention-self' : 'mention'}>
      @{members.get(person)?.name ?? part.text.slice(1)}
    </bdi>
  )
}

type LinkOf = Extract<Inline, { type: 'link' }>

function LinkPart({ part, mentions }: { part: LinkOf; mentions: readonly string[] }) {
  const { show } = useShell()
  const label = <Inlines parts={part.children} mentions={mentions} />
  if (part.url.toLowerCase().startsWith('peerhood:')) {
    return (
      <button type="button" className="link-button" onClick={() => show({ kind: 'get', link: part.url })}>
        {label}
      </button>
    )
  }
  const says = part.children.map((child) => (child.type === 'text' ? child.text : '')).join('')
  return (
    <>
      <a href={part.url} target="_blank" rel="noopener noreferrer nofollow" title={part.url}>
        {label}
      </a>
      {!says.includes(part.host) && <span className="link-host"> ({part.host})</span>}
    </>
  )
}
