deploy-%:
	sky launch -y -c $* $*.yaml

train eval:
	sky launch -y -c $@ $@.yaml

all: prep

MODELS=$(shell ls models)
run-all: $(addprefix run-,$(MODELS))
run-%:
	modal run app.py --model $*

loop:
	@for m in $(MODELS); do $(MAKE) run-$$m; done
# expect GS301: 12
