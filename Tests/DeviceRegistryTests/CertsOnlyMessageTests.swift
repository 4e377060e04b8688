import AllianceTrust
import DeviceRegistry
import Foundation
import RegistryTesting
import Testing

@Suite("Certs-only messages, read by openssl") struct CertsOnlyMessageTests {
    let workshop: Workshop
    let alliance: TestRegistry

    init() throws {
        workshop = try Workshop()
        alliance = try TestRegistry()
    }

    @Test("openssl pkcs7 and cms print every certificate, whole", arguments: 1...4)
    func certificates(_ count: Int) throws {
        let certificates = Array([alliance.link, alliance.acme, alliance.beta, alliance.root].map(\.certificate)[..<count])
        try workshop.write(CertsOnlyMessage.der(certificates), "answer.p7")
        let pkcs7 = try OpenSSLTool.output(["pkcs7", "-inform", "DER", "-in", "answer.p7", "-print_certs"], in: workshop.path)
        let cms = try OpenSSLTool.output(["cms", "-cmsout", "-inform", "DER", "-in", "answer.p7", "-print", "-noout"], in: workshop.path)
        #expect(cms.contains("pkcs7-signedData") && cms.contains("signerInfos:\n      <EMPTY>"))
        for certificate in certificates { #expect(pkcs7.contains(certificate.pem)) }
        #expect(pkcs7.components(separatedBy: "BEGIN CERTIFICATE").count == count + 1)
    }

    @Test("the base64 has lines that openssl base64 reads, and the DER comes back from it")
    func base64() throws {
        let certificates = [alliance.acme.certificate, alliance.root.certificate]
        let text = try CertsOnlyMessage.base64(certificates)
        #expect(text.split(separator: "\n").allSatisfy { $0.utf8.count <= 64 } && text.hasSuffix("\n"))
        try workshop.write(text.utf8, "answer.b64")
        try OpenSSLTool.output(["base64", "-d", "-in", "answer.b64", "-out", "answer.p7"], in: workshop.path)
        #expect(try workshop.read("answer.p7") == CertsOnlyMessage.der(certificates))
    }

    @Test("the same certificates in another order are the same bytes: a set has one order in DER")
    func order() throws {
        let (one, other) = (alliance.acme.certificate, alliance.beta.certificate)
        #expect(try CertsOnlyMessage.der([one, other]) == CertsOnlyMessage.der([other, one]))
    }

    @Test("the attributes that csrattrs names are P-256 and ecdsa-with-SHA256")
    func attributes() throws {
        try workshop.write(RequestAttributes.der(), "attributes.der")
        let text = try OpenSSLTool.output(["asn1parse", "-inform", "DER", "-in", "attributes.der"], in: workshop.path)
        #expect(text.contains("id-ecPublicKey") && text.contains("prime256v1") && text.contains("ecdsa-with-SHA256"))
    }
}
