// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// Who decides in this ledger, and who transacts free in it. Stands at a fixed address from block 0 on; there is no owner and no
/// upgrade. Nodes read its storage (src/ledger/chain/system-contract.ts), so the order of the variables is part of the protocol.
///
/// - Validators change by signatures of a quorum of those in force. The block in which they do ends the epoch.
/// - A member is let in by any one validator, within a limit a day; a quorum lets in and removes as many as it likes.
/// - Whoever shows two votes of a validator that contradict each other removes it: no honest one signs both.
/// - Signatures are EIP-712 of this chain and this contract, and name the epoch or the number of the change: none works twice.
contract PeerhoodSystem {
    /// The set of epoch 0 and its members are written into storage by genesis.
    uint64 public epoch;
    /// Block that changed the validators last.
    uint64 private _changedAt;
    /// Changes of members by a quorum so far.
    uint64 public memberChanges;
    address[] private _validators;
    address[] private _members;
    /// Place in `_members`, from 1.
    mapping(address account => uint256 place) private _memberPlace;
    /// One more than the last epoch that the account decides in.
    mapping(address account => uint256 epochs) private _validatorUntil;
    mapping(address validator => Day day) private _admitted;

    struct Day {
        uint64 day;
        uint64 count;
    }

    /// A vote of consensus (docs/protocol/consensus.md): 1 notarize, 2 nullify (of no block), 3 finalize.
    struct Vote {
        uint8 kind;
        bytes32 blockHash;
        bytes signature;
    }

    uint256 public constant validatorsMax = 100;
    /// Members that one validator lets in within a day (UTC).
    uint256 public constant admissionsPerDay = 100;

    bytes32 private constant _domainType = keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant _validatorsType = keccak256("ValidatorChange(uint64 epoch,address[] validators)");
    bytes32 private constant _membersType = keccak256("MemberChange(uint64 change,address[] admitted,address[] removed)");

    event ValidatorsChanged(uint64 indexed epoch, address[] validators);
    event EquivocatorRemoved(address indexed validator, uint64 epoch, uint64 viewNumber);
    event MemberAdmitted(address indexed account, address indexed by);
    event MemberRemoved(address indexed account);

    error NotValidator(address account);
    error AdmissionsExhausted(uint256 left);
    error QuorumMissing(uint256 valid, uint256 needed);
    error SignerOutOfOrder(address signer);
    error SetSizeWrong(uint256 size);
    error SetOutOfOrder(address account);
    error EpochAlreadyEnds();
    error AccountZero();
    error NoContradiction();

    // ---- questions

    function validators() external view returns (address[] memory) {
        return _validators;
    }

    function isValidator(address account) public view returns (bool) {
        return _validatorUntil[account] == uint256(epoch) + 1;
    }

    /// Signatures that a change needs: as consensus has it, 2f + 1 of n = 3f + 1.
    function quorum() public view returns (uint256) {
        uint256 n = _validators.length;
        return (n + (n - 1) / 3) / 2 + 1;
    }

    function isMember(address account) external view returns (bool) {
        return _memberPlace[account] != 0;
    }

    function memberCount() external view returns (uint256) {
        return _members.length;
    }

    /// At most `count` of them; removing one puts the last into its place.
    function members(uint256 from, uint256 count) external view returns (address[] memory page) {
        uint256 length = _members.length;
        uint256 end = from >= length ? from : (count < length - from ? from + count : length);
        page = new address[](end - from);
        for (uint256 i = from; i < end; i++) page[i - from] = _members[i];
    }

    function admissionsLeft(address validator) public view returns (uint256) {
        if (!isValidator(validator)) return 0;
        Day memory last = _admitted[validator];
        return last.day == _today() ? admissionsPerDay - last.count : admissionsPerDay;
    }

    /// What the validators in force sign to be followed by these.
    function validatorChangeDigest(address[] calldata next) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(_validatorsType, epoch, keccak256(abi.encodePacked(next)))));
    }

    function memberChangeDigest(address[] calldata admitted, address[] calldata removed) public view returns (bytes32) {
        bytes32 admittedHash = keccak256(abi.encodePacked(admitted));
        bytes32 removedHash = keccak256(abi.encodePacked(removed));
        return _digest(keccak256(abi.encode(_membersType, memberChanges, admittedHash, removedHash)));
    }

    // ---- changes

    /// `next` in ascending order; signatures (r, s, v) in ascending order of their signers. Anyone may send it.
    function changeValidators(address[] calldata next, bytes[] calldata signatures) external {
        _requireQuorum(validatorChangeDigest(next), signatures);
        _setValidators(next);
    }

    /// Removes a validator by its own contradicting votes. The genesis hash is part of what is signed; it is taken as it comes,
    /// since no honest validator contradicts itself under any.
    function removeEquivocator(
        bytes32 genesisHash,
        uint64 atEpoch,
        uint64 viewNumber,
        Vote calldata first,
        Vote calldata second
    ) external {
        bool contradicts =
            first.kind == second.kind ? first.blockHash != second.blockHash : first.kind != 1 && second.kind != 1;
        if (!contradicts) revert NoContradiction();
        address signer = _signer(_voteDigest(genesisHash, atEpoch, viewNumber, first), first.signature);
        if (!isValidator(signer)) revert NotValidator(signer);
        if (_signer(_voteDigest(genesisHash, atEpoch, viewNumber, second), second.signature) != signer) {
            revert NoContradiction();
        }
        emit EquivocatorRemoved(signer, atEpoch, viewNumber);
        _setValidators(_without(signer));
    }

    /// By a validator itself. Those who are members already are passed over.
    function admit(address[] calldata accounts) external {
        if (!isValidator(msg.sender)) revert NotValidator(msg.sender);
        uint256 left = admissionsLeft(msg.sender);
        uint256 added;
        for (uint256 i = 0; i < accounts.length; i++) if (_admit(accounts[i])) added++;
        if (added > left) revert AdmissionsExhausted(left);
        _admitted[msg.sender] = Day(_today(), uint64(admissionsPerDay - left + added));
    }

    /// Lets in and removes; those who are in already, or not in, are passed over. Validators stay members.
    function changeMembers(address[] calldata admitted, address[] calldata removed, bytes[] calldata signatures) external {
        _requireQuorum(memberChangeDigest(admitted, removed), signatures);
        memberChanges++;
        for (uint256 i = 0; i < admitted.length; i++) _admit(admitted[i]);
        for (uint256 i = 0; i < removed.length; i++) _remove(removed[i]);
    }

    // ---- inside

    function _setValidators(address[] memory next) private {
        if (next.length == 0 || next.length > validatorsMax) revert SetSizeWrong(next.length);
        // What follows in this block belongs to the old epoch, whose set is known: one change a block.
        if (_changedAt == block.number) revert EpochAlreadyEnds();
        epoch++;
        _changedAt = uint64(block.number);
        _validators = next;
        address last;
        for (uint256 i = 0; i < next.length; i++) {
            if (next[i] <= last) revert SetOutOfOrder(next[i]);
            last = next[i];
            _validatorUntil[last] = uint256(epoch) + 1;
            _admit(last);
        }
        emit ValidatorsChanged(epoch, next);
    }

    function _without(address validator) private view returns (address[] memory rest) {
        address[] memory all = _validators;
        rest = new address[](all.length - 1);
        uint256 kept;
        for (uint256 i = 0; i < all.length; i++) if (all[i] != validator) rest[kept++] = all[i];
    }

    function _admit(address account) private returns (bool) {
        if (account == address(0)) revert AccountZero();
        if (_memberPlace[account] != 0) return false;
        _members.push(account);
        _memberPlace[account] = _members.length;
        emit MemberAdmitted(account, msg.sender);
        return true;
    }

    function _remove(address account) private {
        uint256 place = _memberPlace[account];
        if (place == 0 || isValidator(account)) return;
        address last = _members[_members.length - 1];
        _members[place - 1] = last;
        _memberPlace[last] = place;
        _members.pop();
        delete _memberPlace[account];
        emit MemberRemoved(account);
    }

    function _requireQuorum(bytes32 digest, bytes[] calldata signatures) private view {
        uint256 needed = quorum();
        if (signatures.length < needed) revert QuorumMissing(signatures.length, needed);
        address last;
        for (uint256 i = 0; i < signatures.length; i++) {
            address signer = _signer(digest, signatures[i]);
            if (!isValidator(signer)) revert NotValidator(signer);
            // Ascending, so that nobody counts twice.
            if (signer <= last) revert SignerOutOfOrder(signer);
            last = signer;
        }
    }

    /// Zero, which is nobody, for what is no signature.
    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        if (signature.length != 65) return address(0);
        return ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));
    }

    function _voteDigest(bytes32 genesisHash, uint64 atEpoch, uint64 viewNumber, Vote calldata vote)
        private
        pure
        returns (bytes32)
    {
        return keccak256(
            abi.encodePacked("peerhood/ledger/vote/1", genesisHash, atEpoch, viewNumber, vote.kind, vote.blockHash)
        );
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        bytes32 domain =
            keccak256(abi.encode(_domainType, keccak256("Peerhood"), keccak256("1"), block.chainid, address(this)));
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }
}
