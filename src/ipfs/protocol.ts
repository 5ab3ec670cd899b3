// Names on the wire that ipfs/ speaks; both are IPFS's own.

export const bitswapProtocol = '/ipfs/bitswap/1.2.0'
/** Without want-have and "don't have", which such peers neither ask for nor understand. Spoken by who asks for it. */
export const bitswapOlderProtocol = '/ipfs/bitswap/1.1.0'
