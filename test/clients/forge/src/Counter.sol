// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

/// What clients deploy and call in tests: a number, an event, and two ways to fail.
contract Counter {
    uint256 public number;

    event Added(address indexed by, uint256 amount, uint256 number);

    error TooMuch(uint256 amount, uint256 most);

    constructor(uint256 start) {
        number = start;
    }

    function add(uint256 amount) external {
        if (amount > 100) revert TooMuch(amount, 100);
        require(amount != 13, "not thirteen");
        number += amount;
        emit Added(msg.sender, amount, number);
    }
}
