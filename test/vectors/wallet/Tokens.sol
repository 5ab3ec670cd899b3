// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";

/// What the wallet's tests hold. Tokens.json is made from it by `node test/conformance/compile.ts`.
contract Currency is ERC20 {
    constructor(string memory name, string memory symbol, uint256 supply) ERC20(name, symbol) {
        _mint(msg.sender, supply);
    }
}

contract Deeds is ERC721 {
    constructor(uint256 count) ERC721("Deeds", "DEED") {
        for (uint256 id = 1; id <= count; id++) _mint(msg.sender, id);
    }
}

contract Parts is ERC1155 {
    constructor(uint256 id, uint256 amount) ERC1155("") {
        _mint(msg.sender, id, amount, "");
    }
}
