import GatewayAgent
import Testing

@testable import AgentRuntime

/// What `status` may say of the broker comes from its PUBACKs, by topic.
struct BrokerAnswersTests {
    @Test("a broker that said nothing, or only success, is no concern") func success() {
        var answers = BrokerAnswers()
        #expect(answers.refusalCode == nil && !answers.hasNoSubscriber && answers.refusedByteCount == nil)
        answers.handedOver(1, on: .batch)
        answers.acknowledged(1, reasonCode: 0)
        answers.acknowledged(99, reasonCode: 0x87)   // an id that nobody handed over
        #expect(answers.refusalCode == nil && answers.subscriptionRefusalCode == nil)
    }

    @Test("a refusal stands until the same topic is taken again", arguments: [LinkTopic.batch, .hello])
    func refusal(topic: LinkTopic) {
        var answers = BrokerAnswers()
        answers.handedOver(1, on: topic)
        answers.acknowledged(1, reasonCode: 0x87)
        answers.handedOver(2, on: topic == .batch ? .hello : .batch)
        answers.acknowledged(2, reasonCode: 0)
        #expect(answers.refusalCode == 0x87)
        answers.handedOver(3, on: topic)
        answers.acknowledged(3, reasonCode: 0)
        #expect(answers.refusalCode == nil)
    }

    @Test("code 16 says that nobody subscribes, which is no refusal") func noSubscriber() {
        var answers = BrokerAnswers()
        answers.handedOver(7, on: .batch)
        answers.acknowledged(7, reasonCode: 0x10)
        #expect(answers.hasNoSubscriber && answers.refusalCode == nil)
        answers.handedOver(8, on: .batch)
        answers.acknowledged(8, reasonCode: 0)
        #expect(!answers.hasNoSubscriber)
    }

    @Test("a message that is too large stands until a batch is taken") func tooLarge() {
        var answers = BrokerAnswers()
        answers.tooLarge(byteCount: 70_000)
        answers.handedOver(1, on: .hello)
        #expect(answers.refusedByteCount == 70_000)
        answers.handedOver(2, on: .batch)
        #expect(answers.refusedByteCount == nil)
    }

    @Test("ids that are never acknowledged do not pile up") func bounded() {
        var answers = BrokerAnswers()
        for messageID in 1...UInt16.max { answers.handedOver(messageID, on: .batch) }
        answers.acknowledged(UInt16.max, reasonCode: 0x97)
        #expect(answers.refusalCode == 0x97)
        answers.acknowledged(1, reasonCode: 0)
        #expect(answers.refusalCode == 0x97)
    }
}
