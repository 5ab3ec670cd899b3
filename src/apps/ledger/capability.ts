// What the app `ledger` asks of roles.

/** To found the community's ledger: owners and admins have it, and whatever role the community gives it to. */
export const foundCapability = 'ledger.found'
