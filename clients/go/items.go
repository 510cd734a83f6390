// SPDX-License-Identifier: LGPL-2.1-or-later

package keycask

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/varlink/go/varlink"
)

// Query is a dictionary of docs/vocabulary.md: a query, or an item to add. Data is []byte, a date
// time.Time.
type Query map[string]interface{}

// Item is what was copied of an item.
type Item map[string]interface{}

// Text of an attribute; "" when the item has none of that name.
func (i Item) Text(name string) string {
	text, _ := i[name].(string)
	return text
}

// Data of an attribute that is data, or of value_data; nil when there is none.
func (i Item) Data(name string) []byte {
	data, err := base64.StdEncoding.DecodeString(i.Text(name))
	if err != nil || len(data) == 0 {
		return nil
	}
	return data
}

// Number of an attribute; 0 when there is none.
func (i Item) Number(name string) int {
	number, _ := i[name].(float64)
	return int(number)
}

// Flag of an attribute; false when there is none.
func (i Item) Flag(name string) bool {
	flag, _ := i[name].(bool)
	return flag
}

// Time of an attribute that is a date; the zero time when there is none.
func (i Item) Time(name string) time.Time {
	date, _ := time.Parse(time.RFC3339, i.Text(name))
	return date
}

// PersistentRef names the item, here and in other programs.
func (i Item) PersistentRef() []byte { return i.Data("value_persistent_ref") }

// onWire: base64 is what encoding/json makes of bytes, and RFC 3339 of dates.
func onWire(query Query) fields {
	out := fields{}
	for name, value := range query {
		if date, isDate := value.(time.Time); isDate {
			value = date.UTC().Truncate(time.Millisecond)
		}
		out[name] = value
	}
	return out
}

// CopyMatching gives the items that match: at most match_limit of them, one when that is absent,
// with what return_… asks for. ErrItemNotFound when there is none.
func (c *Client) CopyMatching(ctx context.Context, query Query) ([]Item, error) {
	var items []Item
	err := c.call(ctx, request{
		method:     "org.keycask.Items.CopyMatching",
		parameters: fields{"query": onWire(query), "interaction": person()},
		timeout:    askingTime, repeats: true, flags: varlink.More,
		take: func(receive func(interface{}) error) error {
			var page struct {
				Items []Item `json:"items"`
			}
			err := receive(&page)
			if err != nil {
				items = nil // what came before a failure is void
				return err
			}
			items = append(items, page.Items...)
			return nil
		}})
	return items, err
}

// List gives all items of a class with these attributes, each with its attributes and its persistent
// reference; none is no error.
func (c *Client) List(ctx context.Context, class string, attributes Query) ([]Item, error) {
	query := Query{"class": class, "match_limit": "all", "return_attributes": true,
		"return_persistent_ref": true}
	for name, value := range attributes {
		query[name] = value
	}
	items, err := c.CopyMatching(ctx, query)
	if errors.Is(err, ErrItemNotFound) {
		return nil, nil
	}
	return items, err
}

// Add adds the item that the dictionary describes, and gives what return_… asks for.
func (c *Client) Add(ctx context.Context, item Query) (Item, error) {
	var answer struct {
		Item Item `json:"item"`
	}
	err := c.do(ctx, "Items.Add", fields{"item": onWire(item), "interaction": person()}, &answer,
		askingTime)
	return answer.Item, err
}

// Update changes all items that match, or none of them.
func (c *Client) Update(ctx context.Context, query, changes Query) error {
	return c.do(ctx, "Items.Update", fields{"query": onWire(query), "changes": onWire(changes),
		"interaction": person()}, nil, askingTime)
}

// Delete deletes all items that match.
func (c *Client) Delete(ctx context.Context, query Query) error {
	return c.do(ctx, "Items.Delete", fields{"query": onWire(query), "interaction": person()}, nil,
		askingTime)
}
