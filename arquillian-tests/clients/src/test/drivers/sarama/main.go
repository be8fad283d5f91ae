// The driver of sarama; README.md in the folder above tells the contract.
package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/Shopify/sarama"
)

var options = map[string]string{}
var bootstrap []string
var printing sync.Mutex

var codecs = map[string]sarama.CompressionCodec{
	"none": sarama.CompressionNone, "gzip": sarama.CompressionGZIP, "snappy": sarama.CompressionSnappy,
	"lz4": sarama.CompressionLZ4, "zstd": sarama.CompressionZSTD,
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func decode(text string) []byte {
	if text == "-" {
		return nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	check(err)
	return data
}

func encode(data []byte) string {
	if data == nil {
		return "-"
	}
	return base64.StdEncoding.EncodeToString(data)
}

// bytes keeps null apart from empty, which sarama's own encoders do too, if asked with a typed nil.
func bytes(data []byte) sarama.Encoder {
	if data == nil {
		return nil
	}
	return sarama.ByteEncoder(data)
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	check(err)
	return n
}

func config() *sarama.Config {
	c := sarama.NewConfig()
	c.Version = sarama.V2_1_0_0
	c.Metadata.RefreshFrequency = time.Second
	c.Consumer.Offsets.Initial = sarama.OffsetOldest
	c.Consumer.Offsets.CommitInterval = 50 * time.Millisecond
	// Without a retention sarama 1.22 commits by version 1, which Kafka 4 has dropped; with one, by version 2.
	c.Consumer.Offsets.Retention = 24 * time.Hour
	c.Consumer.Group.Heartbeat.Interval = 300 * time.Millisecond
	c.Consumer.Return.Errors = false
	if options["isolation"] == "read_committed" {
		c.Consumer.IsolationLevel = sarama.ReadCommitted
	}
	return c
}

func message(line string, topic string) *sarama.ProducerMessage {
	f := strings.Split(line, "\t")
	m := &sarama.ProducerMessage{Topic: topic, Partition: int32(number(f[0])), Key: bytes(decode(f[2])), Value: bytes(decode(f[3])),
		Timestamp: time.Unix(0, number(f[1])*int64(time.Millisecond))}
	for _, pair := range strings.Split(f[4], ";") {
		if i := strings.Index(pair, ":"); i >= 0 {
			m.Headers = append(m.Headers, sarama.RecordHeader{Key: []byte(pair[:i]), Value: decode(pair[i+1:])})
		}
	}
	return m
}

func produce() {
	var lines []string
	in := bufio.NewReaderSize(os.Stdin, 1<<22)
	for {
		line, err := in.ReadString('\n')
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			lines = append(lines, line)
		}
		if err == io.EOF {
			break
		}
		check(err)
	}
	for _, codec := range strings.Split(options["codecs"], ",") {
		c := config()
		c.Producer.RequiredAcks = sarama.WaitForAll
		c.Producer.Compression = codecs[codec]
		c.Producer.Partitioner = sarama.NewManualPartitioner
		c.Producer.Return.Successes = true
		c.Producer.MaxMessageBytes = 2000000
		c.Producer.Flush.Frequency = 20 * time.Millisecond
		c.Net.MaxOpenRequests = 1
		c.Producer.Idempotent = options["idempotent"] == "true"
		producer, err := sarama.NewSyncProducer(bootstrap, c)
		check(err)
		var all []*sarama.ProducerMessage
		for _, line := range lines {
			all = append(all, message(line, options["topic"]+"."+codec))
		}
		check(producer.SendMessages(all))
		check(producer.Close())
	}
}

func show(m *sarama.ConsumerMessage) {
	var headers []string
	for _, h := range m.Headers {
		headers = append(headers, string(h.Key)+":"+encode(h.Value))
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Printf("record\t%s\t%d\t%d\t%d\t%s\t%s\t%s\n", m.Topic, m.Partition, m.Offset, m.Timestamp.UnixNano()/int64(time.Millisecond),
		encode(m.Key), encode(m.Value), strings.Join(headers, ";"))
}

// handler prints what it gets until left reaches zero (never, if it starts below), then calls done.
type handler struct {
	sync.Mutex
	left int
	done func()
	talk bool
}

func (h *handler) Setup(session sarama.ConsumerGroupSession) error {
	if h.talk {
		var all []string
		for topic, partitions := range session.Claims() {
			for _, p := range partitions {
				all = append(all, fmt.Sprintf("%s-%d", topic, p))
			}
		}
		sort.Strings(all)
		printing.Lock()
		defer printing.Unlock()
		fmt.Println(strings.Join(append([]string{"assigned"}, all...), "\t"))
	}
	return nil
}

func (h *handler) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (h *handler) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for m := range claim.Messages() {
		h.Lock()
		if h.left == 0 {
			h.Unlock()
			return nil
		}
		show(m)
		session.MarkMessage(m, "")
		if h.left--; h.left == 0 {
			h.done()
		}
		h.Unlock()
	}
	return nil
}

func group(h *handler, ctx context.Context) {
	g, err := sarama.NewConsumerGroup(bootstrap, options["group"], config())
	check(err)
	for ctx.Err() == nil {
		if err := g.Consume(ctx, strings.Split(options["topics"], ","), h); err != nil && err != sarama.ErrClosedConsumerGroup {
			log.Fatal(err)
		}
	}
	check(g.Close())
}

func findTime() {
	client, err := sarama.NewClient(bootstrap, config())
	check(err)
	offset, err := client.GetOffset(options["topic"], int32(number(options["partition"])), number(options["timestamp"]))
	check(err)
	fmt.Printf("offset\t%d\n", offset)
	check(client.Close())
}

func main() {
	for _, argument := range os.Args[3:] {
		i := strings.Index(argument, "=")
		options[argument[:i]] = argument[i+1:]
	}
	bootstrap = []string{os.Args[2]}
	ctx, cancel := context.WithCancel(context.Background())
	switch os.Args[1] {
	case "produce":
		produce()
	case "consume":
		group(&handler{left: int(number(options["count"])), done: cancel}, ctx)
	case "member":
		go func() {
			_, _ = ioutil.ReadAll(os.Stdin)
			cancel()
		}()
		group(&handler{left: -1, talk: true}, ctx)
	case "time":
		findTime()
	default:
		log.Fatal("unknown command ", os.Args[1])
	}
}
