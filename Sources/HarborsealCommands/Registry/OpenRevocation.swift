internal import AttestationFormat
internal import DeviceRegistry

/// What is said of a revocation whose seal certificate no list has, and of lists that will soon be full.
enum OpenRevocation {
    /// On standard error, below what was done.
    static func notes(_ device: Device, _ usage: [ListUsage]) -> String {
        guard device.isSealRevocationOpen else { return "" }
        let firm = device.gatewayID.firm
        let lists = usage.filter { $0.firm == firm }
        let isFull = lists.contains { $0.needsAttention }
        let why = isFull ? "the list is full (\(lists.map(state).joined(separator: "; ")))" : "the token with the firm's issuing key did not sign it"
        let step = isFull ? fullStep(device, lists) : "see to the token, then give the same harborseal device revoke again"
        return """
            OPEN: a seal certificate of \(device.gatewayID) is on no list, since \(why); its code and its link certificate are revoked, but nodes
            and verifiers that know no other certificate of its key go on taking what it signs
              next: \(step); until then tell the nodes' owners to import no file of \(device.gatewayID)

            """
    }

    /// A former key's list gets no more room by a new key.
    private static func fullStep(_ device: Device, _ lists: [ListUsage]) -> String {
        let open = lists.filter { $0.openDeviceCount > 0 }
        guard !open.isEmpty, !open.contains(where: \.isInUse) else { return newKeyStep(device.gatewayID.firm.text.string) }
        return "harborseal device show \(device.gatewayID) says whether another certificate of its key is revoked: then take evidence of it from nodes alone, which know both"
    }

    /// Certificates of its key that nobody but a person knows of; a line of its own, or none.
    static func handWords(_ detail: DeviceDetail) -> String {
        let device = detail.device
        guard device.sealKeyID != nil, !device.hasSealRevokedByHand else { return "" }
        return "  if its keys came from harborseal device issue, that seal.crt is on no list: harborseal device revoke \(device.gatewayID) --certificate seal.crt --since TIME\n"
    }

    /// Of a link certificate that the alliance's registry has still to take from brokers: it will, and somebody may want to know when.
    static func linkWords(_ device: Device, url: String?) -> String {
        guard device.isLinkRevocationOpen, let url else { return "" }
        return "\n  OPEN: its link certificate connects until \(url) has taken the revocation and its brokers have that list; this registry tells it"
    }

    /// Whether the registry has certified a seal key under the name, now or before, or has revoked one: of others that `device issue` made it knows nothing.
    static func hasKnownSeal(_ detail: DeviceDetail) -> Bool {
        ([detail.device] + detail.earlier).contains { $0.sealKeyID != nil } || detail.handCertificates.contains { $0.label == .seal }
    }

    /// Where a revocation may leave a key that signs: nothing came on a list.
    static func unknownSeal(_ detail: DeviceDetail) -> String {
        guard !hasKnownSeal(detail) else { return "" }
        guard !detail.device.isOfFirmRegistry else {
            return """
                the firm's own registry certified the seal key of \(detail.device.gatewayID), and here its link certificate alone is revoked
                  next: have the firm revoke it there, too: until then nodes and verifiers go on taking what it signs

                """
        }
        return """
            no seal certificate of \(detail.device.gatewayID) is known here: what `harborseal device issue` made stays valid
              next: if its keys are from device issue: harborseal device revoke \(detail.device.gatewayID) --certificate seal.crt --since TIME, and its link.crt

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
