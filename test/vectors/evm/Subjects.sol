// SPDX-License-Identifier: MIT
// What the tests and benches of src/ledger/evm run. Subjects.json is made from it by `node scripts/compile-subjects.ts`.
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

contract Token is ERC20 {
    constructor() ERC20("Token", "TOK") {
        _mint(msg.sender, 1e30);
    }
}

contract Doomed {
    uint256 public kept;

    constructor(uint256 value) payable {
        kept = value;
    }

    function end(address payable heir) external {
        selfdestruct(heir);
    }
}

/// Everything that state can go through: writing, clearing, reverting in the middle, creating, destroying.
contract Subject {
    event Did(uint256 indexed what, bytes32 data);

    mapping(uint256 => uint256) public slots;
    uint256 transient lock;

    receive() external payable {}

    function write(uint256 from, uint256 count, uint256 value) external {
        for (uint256 i = from; i < from + count; i++) slots[i] = value;
        emit Did(value, bytes32(count));
    }

    function flip(uint256 at, uint256 first, uint256 second) external {
        slots[at] = first;
        slots[at] = second;
        slots[at + 1] += first;
    }

    function fail(uint256 at, uint256 value) external {
        slots[at] = value;
        revert("no");
    }

    function tryFail(uint256 at, uint256 value) external {
        slots[at] = value + 1;
        try this.fail(at, value) {} catch {
            slots[at + 1] += 1;
        }
    }

    function burn(uint256 rounds) external {
        uint256 sum;
        for (uint256 i; i < rounds; i++) sum ^= uint256(keccak256(abi.encode(sum, i)));
        slots[0] = sum;
    }

    function pay(address payable to, uint256 value) external payable {
        (bool ok, ) = to.call{value: value}("");
        emit Did(ok ? 1 : 0, bytes32(value));
    }

    function make(uint256 value, bytes32 salt, bool end) external payable {
        Doomed made = new Doomed{salt: salt, value: msg.value}(value);
        if (end) made.end(payable(address(this)));
    }

    function makeFailing(bytes32 salt) external {
        try this.makeAndRevert(salt) {} catch {
            emit Did(7, salt);
        }
    }

    function makeAndRevert(bytes32 salt) external {
        new Doomed{salt: salt}(uint256(salt));
        revert("after");
    }

    function deep(uint256 depth) external {
        slots[depth] = depth + 1;
        if (depth > 0) this.deep(depth - 1);
        if (depth % 3 == 1) slots[depth] = 0;
    }

    function guarded(uint256 value) external returns (uint256) {
        require(lock == 0, "locked");
        lock = value;
        slots[value] = lock;
        lock = 0;
        return value;
    }

    function hashes(uint256 below) external {
        slots[uint256(blockhash(block.number - below))] = block.timestamp;
    }
}
