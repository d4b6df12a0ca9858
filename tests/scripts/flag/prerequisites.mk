MODELS = small base large
TARGETS = $(addprefix eval-,$(MODELS))
.PHONY: all
all: $(TARGETS)

eval-%:
	sky launch -y --down -c $@ eval.yaml --env MODEL=$*
# expect GS301: 7x3
