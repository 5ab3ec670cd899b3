// Reads what a person dropped or picked: files, and folders all the way down.
//
// A drop's items are valid only while its event is handled, so the entries are taken at once and walked afterwards.

import type { Chosen } from './core.ts'

/** Folders nested deeper than this are a loop or a mistake. */
const depthMax = 64

/** Call it inside the drop event's handler. */
export function readDrop(transfer: DataTransfer): Promise<Chosen<File>[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return entries.length > 0 ? walkAll(entries) : Promise.resolve(readList(transfer.files))
}

async function walkAll(entries: readonly FileSystemEntry[]): Promise<Chosen<File>[]> {
  const chosen: Chosen<File>[] = []
  for (const entry of entries) await walk(entry, entry.name, chosen, 0)
  return chosen
}

async function walk(entry: FileSystemEntry, path: string, chosen: Chosen<File>[], depth: number): Promise<void> {
  if (isFile(entry)) {
    const body = await new Promise<File>((resolve, reject) => entry.file(resolve, reject))
    chosen.push({ path, body })
    return
  }
  if (!isFolder(entry) || depth >= depthMax) return
  for (const child of await readFolder(entry)) await walk(child, `${path}/${child.name}`, chosen, depth + 1)
}

/** `readEntries` gives a hundred or so at a time, and none when it is done. */
async function readFolder(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const children: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return children
    children.push(...some)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}

/** From a file picker; `webkitRelativePath` is set when it picked a folder. */
export function readList(files: FileList): Chosen<File>[] {
  return [...files].map((body) => ({ path: body.webkitRelativePath || body.name, body }))
}

/** Lets a person pick files, or a folder; resolves with nothing when they change their mind. */
export function pick(kind: 'files' | 'folder'): Promise<Chosen<File>[]> {
  const input = document.createElement('input')
  input.type = 'file'
  input.multiple = true
  input.webkitdirectory = kind === 'folder'
  return new Promise((resolve) => {
    input.addEventListener('change', () => resolve(input.files === null ? [] : readList(input.files)))
    input.addEventListener('cancel', () => resolve([]))
    input.click()
  })
}
