// What the app `ledger` asks of roles.

/** To found the community's ledger and to choose its chain: owners and admins have it, and whatever role is given it. */
export const foundCapability = 'ledger.found'
