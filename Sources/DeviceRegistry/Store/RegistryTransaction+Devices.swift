import AttestationFormat
import Foundation
import GRDB
import MerkleTree

/// A device as the store has it, with the code in force.
struct StoredDevice {
    let id: Int64
    let gatewayID: GatewayID
    let generation: Int
    let note: String
    let addedSeconds: Int64
    let addedBy: String
    let revokedSinceSeconds: Int64?
    let isReplaced: Bool
    let state: DeviceState
    /// ``StoredCode/none`` of a device that a firm's own registry has enrolled.
    let code: StoredCode
    /// Whether it enrols here, with codes of its own, and not at its firm's registry.
    let hasCode: Bool
}

/// The code in force of a device.
struct StoredCode {
    let hash: Digest
    let madeSeconds: Int64
    let expiresSeconds: Int64
    let triesLeft: Int
    let askedBy: String
    let needsApproval: Bool
    let approvedBy: String?
    let linkKeyID: Digest?
    let sealKeyID: Digest?

    var awaitsApproval: Bool { needsApproval && approvedBy == nil }

    /// No code has this hash.
    static let none = StoredCode(
        hash: Digest(), madeSeconds: 0, expiresSeconds: 0, triesLeft: 0, askedBy: "", needsApproval: false, approvedBy: nil, linkKeyID: nil, sealKeyID: nil)

    /// The key that the code was used for.
    func keyID(_ label: CertificateLabel) -> Digest? { label == .seal ? sealKeyID : linkKeyID }
}

extension RegistryTransaction {
    private static let selection = "SELECT devices.*, codes.* FROM devices LEFT JOIN codes ON codes.device = devices.id"

    /// The device in force of a name.
    func device(_ gatewayID: GatewayID) throws -> StoredDevice? {
        try row("\(Self.selection) WHERE gateway = ? AND replaced_by IS NULL", [gatewayID.text.string]).map { try Self.device($0) }
    }

    /// Whether this is the hash of a code in force, of whichever device.
    func hasCode(_ hash: Digest) throws -> Bool { try row("SELECT 1 FROM codes WHERE hash = ?", [hash.data]) != nil }

    func device(_ gatewayID: GatewayID, generation: Int) throws -> StoredDevice? {
        try row("\(Self.selection) WHERE gateway = ? AND generation = ?", [gatewayID.text.string, generation]).map { try Self.device($0) }
    }

    func device(id: Int64) throws -> StoredDevice {
        guard let row = try row("\(Self.selection) WHERE devices.id = ?", [id]) else {
            throw Self.damaged("device \(id) is named in the store and is not there")
        }
        return try Self.device(row)
    }

    /// The devices that had this name before the one in force, newest first.
    func earlierDevices(_ gatewayID: GatewayID) throws -> [StoredDevice] {
        try rows("\(Self.selection) WHERE gateway = ? AND replaced_by IS NOT NULL ORDER BY generation DESC", [gatewayID.text.string])
            .map { try Self.device($0) }
    }

    /// By name, then generation.
    func devices(firm: String?, state: DeviceState?, includingReplaced: Bool) throws -> [StoredDevice] {
        try rows(
            """
            \(Self.selection) WHERE (?1 IS NULL OR firm = ?1) AND (?2 IS NULL OR state = ?2) AND (?3 OR replaced_by IS NULL)
            ORDER BY gateway, generation
            """, [firm, state?.rawValue, includingReplaced]
        ).map { try Self.device($0) }
    }

    func addDevice(_ gatewayID: GatewayID, generation: Int, note: String, by name: String, nowSeconds: Int64) throws -> Int64 {
        try run(
            """
            INSERT INTO devices(gateway, firm, generation, state, note, added, added_by) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                gatewayID.text.string, gatewayID.firm.text.string, generation, DeviceState.waiting.rawValue, note, nowSeconds, name,
            ])
        return insertedRow
    }

    /// Puts a code in force; the one before is dead.
    func setCode(_ hash: Digest, of device: Int64, policy: FirmPolicy, askedBy name: String, nowSeconds: Int64) throws {
        try run(
            """
            INSERT OR REPLACE INTO codes(device, hash, made, expires, tries_left, asked_by, needs_approval) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [device, hash.data, nowSeconds, nowSeconds + policy.codeLifetimeSeconds, policy.tryLimit, name, policy.needsSecondPerson])
        try settleState(of: device)
    }

    func approveCode(of device: Int64, by name: String) throws {
        try run("UPDATE codes SET approved_by = ? WHERE device = ?", [name, device])
        try settleState(of: device)
    }

    func countWrongTry(of device: Int64) throws {
        try run("UPDATE codes SET tries_left = max(tries_left - 1, 0) WHERE device = ?", [device])
    }

    func useCode(of device: Int64, for label: CertificateLabel, keyID: Digest) throws {
        try run("UPDATE codes SET \(label == .seal ? "seal_key" : "link_key") = ? WHERE device = ?", [keyID.data, device])
    }

    func setReplaced(_ device: Int64, by newer: Int64) throws {
        try run("UPDATE devices SET replaced_by = ? WHERE id = ?", [newer, device])
        try settleState(of: device)
    }

    func setRevoked(_ device: Int64, sinceSeconds: Int64, reason: String, nowSeconds: Int64) throws {
        try run(
            "UPDATE devices SET revoked = coalesce(revoked, ?), revoked_since = ?, reason = ? WHERE id = ?", [nowSeconds, sinceSeconds, reason, device])
        try settleState(of: device)
    }

    /// Works the state out from what is stored: what has happened to the device, its code, its certificates.
    func settleState(of device: Int64) throws {
        try run("UPDATE devices SET state = \(Self.settledState) WHERE id = ?1", [device])
    }

    /// The state of a row of `devices`, as it follows from everything else.
    static let settledState = """
        CASE WHEN revoked_since IS NOT NULL THEN 'revoked'
            WHEN replaced_by IS NOT NULL THEN 'replaced'
            WHEN EXISTS (SELECT 1 FROM codes WHERE device = devices.id AND needs_approval AND approved_by IS NULL) THEN 'pending-approval'
            WHEN NOT EXISTS (SELECT 1 FROM codes WHERE device = devices.id) THEN 'enrolled'
            ELSE CASE (SELECT count(DISTINCT label) FROM certificates WHERE device = devices.id)
                WHEN 0 THEN 'waiting' WHEN 1 THEN 'partly-enrolled' ELSE 'enrolled' END
            END
        """

    private static func device(_ row: Row) throws -> StoredDevice {
        guard let gatewayID = GatewayID(UTF8Text(row["gateway"])), let state = DeviceState(rawValue: row["state"]) else {
            throw damaged("a device in the store has no name or state")
        }
        let hasCode = (row["device"] as Int64?) != nil
        return StoredDevice(
            id: row["id"], gatewayID: gatewayID, generation: row["generation"], note: row["note"], addedSeconds: row["added"],
            addedBy: row["added_by"], revokedSinceSeconds: row["revoked_since"], isReplaced: (row["replaced_by"] as Int64?) != nil, state: state,
            code: hasCode ? try code(row) : .none, hasCode: hasCode)
    }

    private static func code(_ row: Row) throws -> StoredCode {
        StoredCode(
            hash: try digest(row["hash"]), madeSeconds: row["made"], expiresSeconds: row["expires"], triesLeft: row["tries_left"], askedBy: row["asked_by"],
            needsApproval: row["needs_approval"], approvedBy: row["approved_by"],
            linkKeyID: try (row["link_key"] as Data?).map { try digest($0) },
            sealKeyID: try (row["seal_key"] as Data?).map { try digest($0) })
    }
}
