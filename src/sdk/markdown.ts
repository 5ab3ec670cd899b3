// What a message's text says, for whoever shows it: the tree that chat's own parser makes. Pure, and bounded whatever
// somebody wrote; every link in it is one that is safe to open.

export { type Block, type Inline, parseMarkdown } from '../apps/chat/markdown-core.ts'
