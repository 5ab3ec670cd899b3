// The arithmetic of fees: EIP-1559 and EIP-4844. Pure.

/** Of EIP-4844, with the fraction of Prague (EIP-7691). Blocks of ours hold no blobs, so it is 1 there, its least. */
const blobFeeFraction = 5_007_716n
const blobFeeMin = 1n
/** EIP-4844 `fake_exponential` ends soon for any excess that a chain can reach; this bounds it for any other. */
const termsMax = 10_000

export function blobBaseFeeOf(excessBlobGas: bigint | undefined): bigint {
  const excess = excessBlobGas ?? 0n
  let sum = 0n
  let term = blobFeeMin * blobFeeFraction
  for (let index = 1n; term > 0n && index < termsMax; index++) {
    sum += term
    term = (term * excess) / (blobFeeFraction * index)
  }
  return sum / blobFeeFraction
}

/** EIP-4844, with Prague's target of six blobs a block. */
const blobGasTarget = 6n * 131_072n

export function nextExcessBlobGas(excess: bigint, used: bigint): bigint {
  return excess + used > blobGasTarget ? excess + used - blobGasTarget : 0n
}

/**
 * EIP-1559, of the block after one with these figures. A base fee of 0 stays: on our ledgers nobody bids for room in blocks,
 * the quota decides (chain/).
 */
export function nextBaseFee(parent: { baseFeePerGas: bigint | undefined; gasUsed: bigint; gasLimit: bigint }): bigint {
  const { baseFeePerGas: fee = 0n, gasUsed, gasLimit } = parent
  const target = gasLimit / 2n
  if (fee === 0n || gasUsed === target || target === 0n) return fee
  if (gasUsed < target) return fee - (fee * (target - gasUsed)) / target / 8n
  const more = (fee * (gasUsed - target)) / target / 8n
  return fee + (more > 1n ? more : 1n)
}

/** Tips per gas at each percentile (ascending, 0 to 100) of the block's gas; transactions with the gas that they used. */
export function tipPercentiles(
  paid: readonly { readonly tip: bigint; readonly gasUsed: bigint }[],
  percentiles: readonly number[],
): readonly bigint[] {
  const sorted = paid.toSorted((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  const total = sorted.reduce((sum, { gasUsed }) => sum + gasUsed, 0n)
  let at = 0
  let passed = sorted[0]?.gasUsed ?? 0n
  return percentiles.map((percentile) => {
    // In millionths, so that the comparison is one of whole numbers.
    const threshold = (total * BigInt(Math.floor(percentile * 1_000_000))) / 100_000_000n
    while (passed < threshold && at < sorted.length - 1) {
      at += 1
      passed += sorted[at]?.gasUsed ?? 0n
    }
    return sorted[at]?.tip ?? 0n
  })
}
