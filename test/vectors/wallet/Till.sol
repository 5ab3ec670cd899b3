// SPDX-License-Identifier: MIT
// For tests of checked sources: a library, immutable variables, constructor arguments, an error, an event, and a contract in another.
pragma solidity ^0.8.20;

library Sums {
    function plus(uint256 a, uint256 b) external pure returns (uint256) {
        return a + b;
    }
}

contract Till {
    struct Entry {
        address by;
        uint256[] amounts;
    }

    error TooMuch(uint256 asked, uint256 left);
    event Filled(address indexed by, uint256 amount, string note);

    uint256 public immutable most;
    address public immutable owner;
    uint256 public inside;

    constructor(uint256 most_) {
        most = most_;
        owner = msg.sender;
    }

    function fill(uint256 amount, string calldata note) external {
        uint256 left = most - inside;
        if (amount > left) revert TooMuch(amount, left);
        inside = Sums.plus(inside, amount);
        emit Filled(msg.sender, amount, note);
    }

    function enter(Entry calldata entry) external view returns (bool) {
        return entry.by == owner && entry.amounts.length <= most;
    }
}

contract Tills {
    Till public last;

    function open(uint256 most) external {
        last = new Till(most);
    }
}
