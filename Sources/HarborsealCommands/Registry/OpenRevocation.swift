internal import AttestationFormat
internal import DeviceRegistry

/// What is said of a revocation whose seal certificate no list has, and of lists that will soon be full.
enum OpenRevocation {
    /// On standard error, below what was done.
    static func notes(_ device: Device, _ usage: [ListUsage]) -> String {
        guard device.isSealRevocationOpen else { return "" }
        let firm = device.gatewayID.firm
        let full = usage.filter { $0.firm == firm }.map(state).joined(separator: "; ")
        return """
            OPEN: the seal certificate of \(device.gatewayID) is on no list, since the list is full (\(full)); its code and its link certificate are revoked, but nodes
            and verifiers go on taking what its seal key signs
              next: \(newKeyStep(firm.text.string)); until then tell the nodes' owners to import no file of \(device.gatewayID)

            """
    }

    /// Whether the registry has certified a seal key under the name, now or before: one that `device issue` made it knows nothing of.
    static func hasKnownSeal(_ detail: DeviceDetail) -> Bool {
        ([detail.device] + detail.earlier).contains { $0.sealKeyID != nil }
    }

    /// Where a revocation may leave a key that signs: nothing came on a list.
    static func unknownSeal(_ detail: DeviceDetail) -> String {
        guard !hasKnownSeal(detail) else { return "" }
        return """
            no seal certificate of \(detail.device.gatewayID) is known here: what `harborseal device issue` made stays valid
              next: if its keys are from device issue, tell the nodes' owners to take nothing of it, and give the gateway another name

            """
    }

    /// For whoever looks at devices.
    static func notes(_ usage: [ListUsage]) -> String {
        usage.filter(\.needsAttention).map { list in
            let open = list.openDeviceCount == 0 ? "" : ", and \(CountedText.of(list.openDeviceCount, "revoked device is", "revoked devices are")) on no list for that"
            let step = list.isInUse ? newKeyStep(list.firm.text.string) : "nothing for new devices, which another key certifies"
            return "note: a revocation list of firm \(list.firm) is \(list.percent) % full: \(state(list))\(open)\n  next: \(step)\n"
        }.joined()
    }

    private static func state(_ list: ListUsage) -> String {
        "\(CountedText.of(list.revokedCount, "certificate")), \(list.byteCount) of \(list.byteLimit) bytes"
    }

    private static func newKeyStep(_ firm: String) -> String {
        "harborseal alliance add-firm \(firm) --new-key, alliance sign, and in registry.conf the new key, with the old one as the former"
    }
}
