import AttestationFormat
import Testing

@testable import SealToken

@Suite("pkcs11: URIs (RFC 7512)")
struct TokenURITests {
    @Test("each attribute is read, in any order, and percent-encoded bytes are decoded")
    func attributes() throws {
        let uri = try TokenURI(
            "pkcs11:object=seal;token=gw%201;serial=0a%3B1;model=SoftHSM%20v2;manufacturer=A%26B&C;slot-id=18446744073709551615;id=%00%ff%41B;type=private?module-path=/usr/lib/x%20y.so&pin-source=file:///etc/p%2Fin")
        #expect(uri.token == "gw 1")
        #expect(uri.object == "seal")
        #expect(uri.serial == "0a;1")
        #expect(uri.model == "SoftHSM v2")
        #expect(uri.manufacturer == "A&B&C")
        #expect(uri.slotID == .max)
        #expect(uri.id == [0, 0xFF, 0x41, 0x42])
        #expect(uri.modulePath == "/usr/lib/x y.so")
        #expect(uri.pinSource == .file("/etc/p/in"))
        #expect(try TokenURI("pkcs11:") == TokenURI("pkcs11:"), "it means any key of the only token")
        #expect(try TokenURI("pkcs11:?module-name=tpm2_pkcs11").moduleName == "tpm2_pkcs11")
        #expect(try TokenURI("pkcs11:token=%E6%B8%AF").token == "港")
    }

    @Test(
        "the PIN's source is a file of this machine, or a variable",
        arguments: [
            ("file:/etc/pin", .file("/etc/pin")), ("file:///etc/pin", .file("/etc/pin")), ("/etc/pin", .file("/etc/pin")),
            ("env:SEAL_PIN", .environment("SEAL_PIN")), ("etc/pin", nil), ("file:pin", nil), ("file://host/pin", nil), ("//host/pin", nil), ("/", nil),
            ("|/bin/ask", nil), ("env:", nil), ("env:A-B", nil), ("env:A%3DB", nil), ("https:/pin", nil), ("", nil), ("file:", nil),
        ] as [(String, TokenURI.PINSource?)])
    func sources(text: String, source: TokenURI.PINSource?) {
        #expect((try? TokenURI(UTF8Text("pkcs11:?pin-source=" + text)))?.pinSource == source)
    }

    @Test(
        "what is wrong is refused with words that name it",
        arguments: [
            ("pkcs11:token", "NAME=VALUE"), ("pkcs11:=a", "NAME=VALUE"), ("pkcs11:token=a;", "NAME=VALUE"), ("pkcs11:;token=a", "NAME=VALUE"),
            ("pkcs11:?", ""), ("pkcs11:token=", "token has 0 bytes"), ("pkcs11:token=a;token=a", "token stands there twice"),
            ("pkcs11:id=%", "two hexadecimal digits"), ("pkcs11:id=%4", "two hexadecimal digits"), ("pkcs11:id=%4g", "two hexadecimal digits"),
            ("pkcs11:id=%+1", "two hexadecimal digits"), ("pkcs11:token=a b", "%20"), ("pkcs11:token=a/b", "%2f"), ("pkcs11:token=a\"b", "%22"),
            ("pkcs11:token=a#b", "%23"), ("pkcs11:token=\u{E9}", "%c3"), ("pkcs11:token=%FF", "not printable UTF-8"),
            ("pkcs11:token=a%00", "not printable UTF-8"), ("pkcs11:token=a%0A", "not printable UTF-8"),
            ("pkcs11:token=" + String(repeating: "a", count: 33), "token has 33 bytes"), ("pkcs11:serial=12345678901234567", "serial has 17 bytes"),
            ("pkcs11:id=" + String(repeating: "%00", count: 65), "id has 65 bytes"), ("pkcs11:slot-id=", "slot-id has 0 bytes"), ("pkcs11:slot-id=-1", "decimal"),
            ("pkcs11:slot-id=0x1", "decimal"), ("pkcs11:slot-id=18446744073709551616", "decimal"), ("pkcs11:type=public", "type must be private"),
            ("pkcs11:library-version=3", "not looked at"), ("pkcs11:slot-description=x", "not looked at"), ("pkcs11:Token=a", "Token is no attribute"),
            ("pkcs11:x-firm=1", "x-firm is no attribute"), ("pkcs11:module-path=/a", "behind the ?"), ("pkcs11:pin-source=/a", "behind the ?"),
            ("pkcs11:?token=a", "token is no attribute that belongs behind"), ("pkcs11:?module-path=a.so", "absolute path"),
            ("pkcs11:?module-name=a%2Fb", "goes into module-path"), ("pkcs11:?module-name=a/b", "%2f"), ("pkcs11:?module-path=/a;b", "%3b"),
            ("pkcs11:?module-path=/a&module-path=/b", "twice"), ("pkcs12:token=a", "something else"), ("PKCS11:token=a", "something else"),
        ])
    func refused(text: String, words: String) {
        do throws(TokenURIError) {
            _ = try TokenURI(UTF8Text(text))
            #expect(words.isEmpty, "\(text) was taken")
        } catch {
            #expect(error.reason.string.contains(words), "\(text): \(error.reason)")
            #expect(!words.isEmpty, "\(text): \(error.reason)")
        }
    }

    @Test("a PIN in the URI is refused, the reason and the way out are given, and it is not repeated", arguments: ["?", "token=a?", ";", "token=a;"])
    func pinValue(before: String) {
        do throws(TokenURIError) {
            _ = try TokenURI(UTF8Text("pkcs11:\(before)pin-value=31415926"))
            Issue.record("taken")
        } catch {
            #expect(!error.reason.string.contains("31415926"))
            #expect(error.reason.string.contains(before.hasSuffix("?") ? "pin-source=file:PATH" : before == ";" ? "NAME=VALUE" : "behind the ?"))
        }
    }

    @Test("no text makes it trap, whatever byte is changed, cut or added")
    func anyText() {
        let text = Array("pkcs11:token=gw%201;id=%01%02;slot-id=77?module-path=/a.so&pin-source=env:PIN".utf8)
        var readCount = 0
        for index in text.indices {
            for byte in 1...255 as ClosedRange<UInt8> {
                var changed = text
                changed[index] = byte
                for bytes in [changed, Array(changed[...index]), changed + [byte]] {
                    guard let changedText = UTF8Text(validating: bytes) else { continue }
                    if (try? TokenURI(changedText)) != nil { readCount += 1 }
                }
            }
        }
        #expect(readCount > 1_000)
    }

    @Test(
        "where the key lives is told by the module's name",
        arguments: [
            ("/etc/seal.key", "software"), ("pkcs11:?module-path=/usr/lib/softhsm/libsofthsm2.so", "software"),
            ("pkcs11:?module-name=tpm2_pkcs11", "tpm2"), ("pkcs11:?module-name=cryptoauth", "secure_element"),
        ])
    func keyClass(text: String, keyClass: String) throws {
        #expect(try KeyLocation(UTF8Text(text)).keyClass.string == keyClass)
    }
}
