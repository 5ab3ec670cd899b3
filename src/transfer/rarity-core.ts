// Which of the blocks still to be asked are rarest: one unordered list for each number of (incomplete) peers that have
// the block. Every change moves one block between two lists in constant time. Peers that have everything don't count:
// they make all blocks equally common.

export interface Rarity {
  /** Blocks that may be asked now. */
  readonly size: number
  has(index: number): boolean
  add(index: number): void
  remove(index: number): void
  /** One peer more (or fewer) has the block; counted for blocks outside the list too. */
  change(index: number, by: 1 | -1): void
  availability(index: number): number
  /** The rarest availability among the listed blocks, from `least` on; -1 when there is none. */
  level(least: number): number
  count(level: number): number
  at(level: number, place: number): number
}

const absent = 0xffffffff

export function createRarity(blocks: number): Rarity {
  const availability = new Uint16Array(blocks)
  const place = new Uint32Array(blocks).fill(absent)
  const lists: number[][] = []
  let size = 0

  function listOf(level: number): number[] {
    while (lists.length <= level) lists.push([])
    return lists[level] ?? []
  }

  function insert(index: number): void {
    const list = listOf(availability[index] ?? 0)
    place[index] = list.length
    list.push(index)
  }

  function take(index: number): void {
    const list = listOf(availability[index] ?? 0)
    const at = place[index] ?? absent
    const last = list.pop()
    if (last !== undefined && last !== index) {
      list[at] = last
      place[last] = at
    }
    place[index] = absent
  }

  const has = (index: number) => (place[index] ?? absent) !== absent

  return {
    get size() {
      return size
    },
    has,
    add(index) {
      if (has(index)) return
      insert(index)
      size++
    },
    remove(index) {
      if (!has(index)) return
      take(index)
      size--
    },
    change(index, by) {
      const listed = has(index)
      if (listed) take(index)
      availability[index] = (availability[index] ?? 0) + by
      if (listed) insert(index)
    },
    availability: (index) => availability[index] ?? 0,
    level(least) {
      for (let level = least; level < lists.length; level++) if ((lists[level]?.length ?? 0) > 0) return level
      return -1
    },
    count: (level) => lists[level]?.length ?? 0,
    at: (level, at) => lists[level]?.[at] ?? -1,
  }
}
